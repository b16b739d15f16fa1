package org.xecomla.experiments;

import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardPlan;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.targets.DenseCodec;
import org.xecomla.targets.TargetCodec;
import org.xecomla.targets.TargetEncoder;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.targets.TargetShards;
import org.xecomla.teacher.Teacher;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * Windows of text as token shards, and a teacher's targets for them by any codec, in a directory of its own. The
 * teacher speaks once, into dense targets; the other codecs are given its probabilities from there. Legend: T time, V
 * vocabulary.
 */
final class FidelityTargets implements AutoCloseable {
    private static final int SEQUENCES_PER_SHARD = 500;
    private static final int BATCH = 4;
    private static final double NANOS = 1e9;

    private final Path directory;
    private final Path model;
    private final TokenShards tokens;
    private final Kernels kernels;

    /** What it took to write the targets of a codec and to read them again, by one thread. */
    record Cost(double bytesPerToken, double tokensWrittenPerSecond, double tokensReadPerSecond) {}

    FidelityTargets(Path directory, Path model, List<TokenSequence> windows, Packing packing, Kernels kernels) {
        this.directory = directory;
        this.model = model;
        this.kernels = kernels;
        ShardPlan plan = new ShardPlan(windows.size(), SEQUENCES_PER_SHARD);
        TokenShardSpec spec = new TokenShardSpec(plan, windows.get(0).ids().length, packing);
        Path shards = new Path(directory, "shards");
        for (int shard = 0; shard < plan.numShards(); shard++) {
            TokenShardWriter.writeSequences(shards, spec, shard, s -> windows.get((int) s));
        }
        this.tokens = TokenShards.open(shards);
    }

    TokenShards tokens() {
        return tokens;
    }

    long numTokens() {
        return tokens.numSequences() * tokens.sequenceLength();
    }

    private TargetShardSpec spec(TargetCodec codec) {
        return new TargetShardSpec(
                tokens.plan(), tokens.sequenceLength(), tokens.spec().vocabSize(), codec, "fidelity", tokens.packing());
    }

    private Path directory(String name) {
        return new Path(directory, name.replaceAll("[^a-z0-9]", "-"));
    }

    TargetShards open(String name) {
        return TargetShards.open(directory(name));
    }

    /** Asks the teacher for dense targets. */
    void teach(String name, DenseCodec codec) {
        try (Teacher teacher = Teacher.open(model, kernels, BATCH, tokens.sequenceLength())) {
            for (int shard = 0; shard < tokens.numShards(); shard++) {
                teacher.writeShard(tokens, shard, directory(name), spec(codec), n -> {});
            }
        }
    }

    /** Writes the targets of another codec from dense ones. */
    Cost write(String name, TargetCodec codec, TargetShards dense) {
        Path out = directory(name);
        TargetShardSpec spec = spec(codec);
        long[] reading = new long[1];
        Tensor rows = kernels.memory().zeros(kernels.type(), tokens.sequenceLength(), spec.vocabSize()); // (T, V)
        long start = System.nanoTime();
        for (int shard = 0; shard < tokens.numShards(); shard++) {
            long first = tokens.plan().firstSequence(shard);
            int count = tokens.plan().numSequencesOf(shard);
            TargetShardWriter.write(out, spec, shard, tokens.digest(shard), writer -> {
                for (long s = first; s < first + count; s++) {
                    long before = System.nanoTime();
                    rows.write(((SoftLabels.Dense) dense.read(s)).probabilities(), 0);
                    reading[0] += System.nanoTime() - before;
                    TargetEncoder encoder = codec.encoder(rows.rows(), spec.vocabSize(), s);
                    encoder.add(rows);
                    writer.add(encoder.finish());
                }
            });
        }
        double writing = (System.nanoTime() - start - reading[0]) / NANOS;
        rows.storage().close();
        return new Cost(bytesPerToken(name), numTokens() / writing, tokensReadPerSecond(name));
    }

    double bytesPerToken(String name) {
        long bytes = DataFiles.list(directory(name)).stream()
                .mapToLong(DataFiles::length)
                .sum();
        return (double) bytes / numTokens();
    }

    double tokensReadPerSecond(String name) {
        long start = System.nanoTime();
        try (TargetShards targets = open(name)) {
            for (long s = 0; s < targets.numSequences(); s++) {
                targets.read(s);
            }
        }
        return numTokens() / ((System.nanoTime() - start) / NANOS);
    }

    @Override
    public void close() {
        tokens.close();
    }
}
