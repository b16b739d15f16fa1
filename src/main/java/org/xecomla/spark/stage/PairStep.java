package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.DpoConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.PairShards;
import org.xecomla.corpus.shards.PairTokeniser;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.PreferenceFiles;
import org.xecomla.corpus.tokenizer.TokenPair;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.WorkMeter;

/**
 * The preferences as pair shards, a step of the stage: a task a split of the files counts them, then a task a shard
 * tokenises its range. The result depends on the files and the settings only; a shard that is there and sound is passed
 * over.
 */
final class PairStep {
    static final String KIND = "pairs";
    static final String PAIRS = "pairs";
    static final String EQUAL = "pairs of equal answers";
    static final String TOKENS = "tokens";
    static final String LONGEST = "longest sequence";

    private final StageContext context;

    PairStep(StageContext context) {
        this.context = context;
    }

    /** Makes the pairs to train on and, where files are named, those to measure on. */
    void run() {
        DpoConfig dpo = context.config().dpo();
        shard("dpo.train", dpo.train(), context.layout().trainPairs());
        if (!dpo.valid().isEmpty()) {
            shard("dpo.valid", dpo.valid(), context.layout().validPairs());
        }
    }

    private void shard(String key, List<String> files, StageDirectory output) {
        Work work = new Work(context.config(), files, output.path());
        Map<String, String> settings = new TreeMap<>(context.config().settings("dpo.pairs-per-shard"));
        InputDigests inputs = new InputDigests(context).files(key, files);
        settings.putAll(work.settings());
        inputs.digest("tokenizer", settings.remove("tokenizer"));
        context.complete(DpoStage.NAME, output, context.asked(KIND, settings, inputs.all()), () -> write(key, work));
    }

    private Map<String, Long> write(String key, Work work) {
        List<DocumentSplit> splits = work.splits();
        List<Long> counts = new ArrayList<>(context.map(
                DpoStage.NAME, "count " + key, splits, (DocumentSplit split) -> PreferenceFiles.count(split)));
        long numPairs = counts.stream().mapToLong(Long::longValue).sum();
        if (numPairs == 0) {
            throw new ConfigException(key + " has no preference in " + work.files);
        }
        ShardPlan plan = new ShardPlan(numPairs, context.config().dpo().pairsPerShard());
        List<Integer> shards = IntStream.range(0, plan.numShards()).boxed().toList();
        List<long[]> sizes;
        try (WorkMeter meter = new WorkMeter(context, DpoStage.NAME, numPairs, "pairs")) {
            LongAccumulator counter = meter.counter();
            sizes = context.map(DpoStage.NAME, "tokenise " + key, shards, shard -> {
                long[] size = work.write(plan, counts, shard);
                counter.add(plan.numSequencesOf(shard));
                return size;
            });
        }
        long numEqual = sizes.stream().mapToLong(size -> size[2]).sum();
        if (numEqual > 0) {
            context.say(
                    DpoStage.NAME,
                    String.format(
                            Locale.ROOT,
                            "%s: %,d of %,d pairs have the same answer twice and teach nothing",
                            key,
                            numEqual,
                            numPairs));
        }
        return Map.of(
                PAIRS,
                numPairs,
                EQUAL,
                numEqual,
                TOKENS,
                sizes.stream().mapToLong(size -> size[0]).sum(),
                LONGEST,
                sizes.stream().mapToLong(size -> size[1]).max().orElseThrow(),
                "shards",
                (long) plan.numShards());
    }

    /** What the tasks do; only names travel. */
    private record Work(RunConfig config, List<String> files, Path output) implements Serializable {
        List<DocumentSplit> splits() {
            return PreferenceFiles.splits(files.stream().map(DataFiles::path).toList(), DocumentSplit.TASK_BYTES);
        }

        private RunTokenizer tokenizer() {
            return RunTokenizer.open(config, RunModels.base(config).config());
        }

        Map<String, String> settings() {
            try (RunTokenizer tokenizer = tokenizer()) {
                return tokenizer.pairTokeniser().settings();
            }
        }

        /**
         * Writes a shard unless it is there; returns its tokens, those of its longest sequence, and its equal pairs.
         */
        long[] write(ShardPlan plan, List<Long> counts, int shard) {
            try (RunTokenizer tokenizer = tokenizer()) {
                PairTokeniser tokeniser = tokenizer.pairTokeniser();
                Map<String, String> settings = tokeniser.settings();
                if (!PairShards.isComplete(output, plan, settings, shard)) {
                    PairShards.write(output, plan, settings, shard, pairs(plan, counts, shard, tokeniser));
                }
            }
            long[] size = new long[3];
            try (PairShards made = PairShards.openShard(output, shard)) {
                long first = plan.firstSequence(shard);
                for (long pair = first; pair < first + plan.numSequencesOf(shard); pair++) {
                    TokenPair tokens = made.read(pair);
                    size[0] += tokens.numTokens();
                    size[1] = Math.max(size[1], tokens.length());
                    size[2] += Arrays.equals(tokens.chosen(), tokens.rejected()) ? 1 : 0;
                }
            }
            return size;
        }

        private List<TokenPair> pairs(ShardPlan plan, List<Long> counts, int shard, PairTokeniser tokeniser) {
            long from = plan.firstSequence(shard);
            long to = from + plan.numSequencesOf(shard);
            List<DocumentSplit> splits = splits();
            List<TokenPair> pairs = new ArrayList<>();
            long start = 0;
            for (int s = 0; s < splits.size(); s++) {
                long end = start + counts.get(s);
                if (start < to && end > from) {
                    pairs.addAll(tokeniser.tokens(
                            splits.get(s), Math.max(0, from - start), Math.min(counts.get(s), to - start)));
                }
                start = end;
            }
            return pairs;
        }
    }
}
