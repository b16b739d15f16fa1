package org.xecomla.spark.stage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.CorpusConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.StreamPart;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.NgramSet;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;
import org.xecomla.run.Shares;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.WorkMeter;

/**
 * Text files as token shards: tasks tokenise their splits, the driver adds up the parts' lengths, a task a shard cuts
 * the one stream into sequences. The result depends on the text and the settings only.
 */
final class CorpusShards {
    private static final String NAME = ShardStage.NAME;
    private static final int SPLITS_PER_TASK = 8;
    private static final int TASKS_PER_CORE = 4;
    private static final String PARTS = "parts";

    private final StageContext context;
    private final ModelConfig model;
    private final int sequenceLength;

    CorpusShards(StageContext context) {
        this.context = context;
        // Its vocabulary holds all ids, and it says how documents begin.
        this.model = RunModels.base(context.config()).config();
        this.sequenceLength = context.config().sequence().lengthFor(model);
    }

    /**
     * Makes the shards of {@code files}, unless they are there.
     *
     * @param selected whether weights, duplicates and benchmarks are looked at
     */
    void shard(String key, List<String> files, boolean selected, StageDirectory output) {
        CorpusConfig config = context.config().corpus();
        InputDigests inputs = new InputDigests(context).files(key, files);
        if (selected) {
            inputs.files("corpus.decontaminate.tasks", config.decontaminate().tasks());
        }
        RunModels.chat(context.config()).template().ifPresent(chat -> inputs.digest("chat-template", chat.digest()));
        try (RunTokenizer tokenizer = RunTokenizer.open(context.config(), model)) {
            inputs.digest("tokenizer", tokenizer.tokenizer().digest());
            tokenizer.tokenizer().note().ifPresent(note -> context.say(NAME, key + ": " + note));
        }
        Manifest asked = context.asked(ShardStage.KIND, settings(selected), inputs.all());
        context.complete(NAME, output, asked, () -> write(key, files, selected, output.path()));
    }

    private Map<String, String> settings(boolean selected) {
        Map<String, String> settings = new TreeMap<>(context.config()
                .settings(
                        "corpus.text-key",
                        "corpus.learn",
                        "corpus.sequences-per-shard",
                        "sequence.attention-across-documents"));
        if (selected) {
            settings.putAll(context.config()
                    .settings("corpus.weights", "corpus.drop-duplicates", "corpus.decontaminate.ngram"));
        }
        if (context.config().corpus().skipBadRows() > 0) {
            settings.putAll(context.config().settings("corpus.skip-bad-rows"));
        }
        settings.put("sequence.length", Integer.toString(sequenceLength));
        settings.put("vocab-size", Integer.toString(model.vocabSize()));
        settings.put("bos-token-id", Integer.toString(model.bosTokenId()));
        return settings;
    }

    private Map<String, Long> write(String key, List<String> files, boolean selected, Path output) {
        Path scratch = new Path(output, PARTS);
        List<Double> weights = selected ? context.config().corpus().weights() : List.of();
        CorpusTasks corpus = new CorpusTasks(context.config(), model, files, weights, scratch.toString());
        List<StreamPart> parts = tokenise(key, corpus, selected);
        TokenShardSpec spec = corpus.spec(parts, sequenceLength);
        cut(key, corpus, parts, spec.plan().numShards(), output);
        CorpusReport report = CorpusReport.of(corpus, parts);
        report.write(output);
        report.lines().forEach(line -> context.say(NAME, key + ": " + line));
        DataFiles.delete(scratch);
        return Map.of(
                "documents", report.all().numKept(),
                "tokens", report.all().numTokens(),
                "learned-tokens", report.all().numLearned(),
                "sequences", spec.plan().numSequences(),
                "shards", (long) spec.plan().numShards());
    }

    private List<StreamPart> tokenise(String key, CorpusTasks corpus, boolean selected) {
        CorpusConfig config = context.config().corpus();
        List<DocumentSplit> splits = new ArrayList<>(corpus.documents().splits(DocumentSplit.TASK_BYTES));
        int numSplits = splits.size();
        int numTasks = numTasks(numSplits);
        if (selected && config.dropDuplicates()) {
            DuplicateSearch.run(context.spark(), corpus, splits, numTasks);
        }
        List<String> tasks = selected ? config.decontaminate().tasks() : List.of();
        Broadcast<NgramSet> benchmarks = context.spark().broadcast(benchmarks(tasks));
        long bytes =
                splits.stream().mapToLong(split -> split.end() - split.start()).sum();
        List<Integer> indices = IntStream.range(0, numTasks).boxed().toList();
        try (WorkMeter meter = new WorkMeter(context, NAME, bytes, "bytes")) {
            LongAccumulator counter = meter.counter();
            return context
                    .map(NAME, "tokenise " + key, indices, task -> {
                        List<Integer> own = Shares.of(numSplits, numTasks, task);
                        return corpus.writeParts(splits, own, benchmarks.value(), counter::add);
                    })
                    .stream()
                    .flatMap(List::stream)
                    .collect(Collectors.toCollection(ArrayList::new)); // a list that travels
        } finally {
            benchmarks.destroy();
        }
    }

    /**
     * Several tasks a core, for the sake of balance, but not so many that each is mostly the opening of its tokenizer.
     */
    private int numTasks(int numSplits) {
        int forBalance = TASKS_PER_CORE * context.spark().defaultParallelism();
        int forLength = (numSplits + SPLITS_PER_TASK - 1) / SPLITS_PER_TASK;
        return Math.max(1, Math.min(numSplits, Math.max(forBalance, forLength)));
    }

    private NgramSet benchmarks(List<String> tasks) {
        if (tasks.isEmpty()) {
            return NgramSet.NONE;
        }
        List<Path> files = tasks.stream().map(DataFiles::path).toList();
        return NgramSet.ofTasks(files, context.config().corpus().decontaminate().ngram());
    }

    private void cut(String key, CorpusTasks corpus, List<StreamPart> parts, int numShards, Path output) {
        List<Integer> shards = IntStream.range(0, numShards).boxed().toList();
        int length = sequenceLength;
        context.map(NAME, "cut " + key + " into sequences", shards, shard -> {
            corpus.writeShard(parts, length, output, shard);
            return shard;
        });
    }
}
