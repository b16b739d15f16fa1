package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.LongAccumulator;
import org.xecomla.config.ConfigException;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.DocumentSplit;
import org.xecomla.corpus.StreamPart;
import org.xecomla.corpus.TokenShardSpec;
import org.xecomla.corpus.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;

/**
 * The corpus as token shards: a task a split tokenises, the driver adds up the parts' lengths, a task a shard cuts the one
 * stream into sequences. The result depends on the text and the settings only.
 */
final class ShardStage {
    static final String NAME = "shard";
    static final String KIND = "shards";

    private static final long SPLIT_BYTES = 8L << 20;
    private static final String PARTS = "parts";

    private final StageContext context;
    private final ModelConfig model;
    private final int sequenceLength;

    /** @param model the base: its vocabulary holds all ids, and it says how documents begin */
    ShardStage(StageContext context, ModelConfig model) {
        this.context = context;
        this.model = model;
        this.sequenceLength = context.config().sequence().lengthFor(model);
    }

    /** Makes the shards to train and those to evaluate on, each unless it is there. */
    void run() {
        RunConfig config = context.config();
        shard("corpus.train", config.corpus().train(), context.layout().trainShards());
        shard("corpus.valid", config.corpus().valid(), context.layout().validShards());
    }

    private void shard(String key, List<String> files, StageDirectory output) {
        if (files.isEmpty()) {
            throw new ConfigException(key + " names no file: give it at least one JSON-lines file");
        }
        Map<String, String> settings =
                new TreeMap<>(context.config().settings("corpus.text-key", "corpus.sequences-per-shard"));
        settings.put("sequence.length", Integer.toString(sequenceLength));
        settings.put("vocab-size", Integer.toString(model.vocabSize()));
        settings.put("bos-token-id", Integer.toString(model.bosTokenId()));
        Map<String, String> inputs = InputDigests.ofFiles(key, files);
        try (Tokenizer tokenizer = RunModels.tokenizer(context.config(), model)) {
            RunModels.packing(tokenizer, model); // refuses a tokenizer that the model is too small for
            inputs.put("tokenizer", tokenizer.digest());
        }
        context.complete(NAME, output, context.asked(KIND, settings, inputs), () -> write(key, files, output.path()));
    }

    private Map<String, Long> write(String key, List<String> files, Path output) {
        Path scratch = new Path(output, PARTS);
        Corpus corpus = new Corpus(context.config(), model, files, scratch.toString());
        List<DocumentSplit> splits = corpus.documents().splits(SPLIT_BYTES);
        List<StreamPart> parts = tokenise(key, corpus, corpus.documents().splits(SPLIT_BYTES));
        TokenShardSpec spec = corpus.spec(parts, sequenceLength);
        cut(key, corpus, parts, spec.plan().numShards(), output);
        DataFiles.delete(scratch);
        return Map.of(
                "documents", parts.stream().mapToLong(StreamPart::numDocuments).sum(),
                "tokens", parts.stream().mapToLong(StreamPart::numTokens).sum(),
                "sequences", spec.plan().numSequences(),
                "shards", (long) spec.plan().numShards());
    }

    private List<StreamPart> tokenise(String key, Corpus corpus, List<DocumentSplit> splits) {
        long bytes =
                splits.stream().mapToLong(split -> split.end() - split.start()).sum();
        List<Integer> indices = IntStream.range(0, splits.size()).boxed().toList();
        try (WorkMeter meter = new WorkMeter(context.spark(), bytes, "bytes", line -> context.say(NAME, line))) {
            LongAccumulator counter = meter.counter();
            // A copy, since Spark's lists do not travel further.
            return new ArrayList<>(context.map(NAME, "tokenise " + key, indices, index -> {
                DocumentSplit split = splits.get(index);
                StreamPart part = corpus.writePart(index, split);
                counter.add(split.end() - split.start());
                return part;
            }));
        }
    }

    private void cut(String key, Corpus corpus, List<StreamPart> parts, int numShards, Path output) {
        List<Integer> shards = IntStream.range(0, numShards).boxed().toList();
        int length = sequenceLength;
        context.map(NAME, "cut " + key + " into sequences", shards, shard -> {
            corpus.writeShard(parts, length, output, shard);
            return shard;
        });
    }
}
