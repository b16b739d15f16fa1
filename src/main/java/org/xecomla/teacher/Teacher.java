package org.xecomla.teacher;

import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.ConfigException;
import org.xecomla.config.ModelConfig;
import org.xecomla.corpus.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.targets.TargetEncoder;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * A model that only speaks: token sequences in, its distributions out, sequence by sequence into a target codec.
 *
 * <p>Several sequences go through the blocks at once; the head works on a few positions at a time, so that logits of all
 * positions never exist together. The same tokens, batch size and kernels give the same bytes, whoever asks and however
 * often. Legend: B sequences at once, T time, D model, V vocabulary, n positions of a chunk.
 */
public final class Teacher implements AutoCloseable {
    private static final int CHUNK_ELEMENTS = 1 << 22; // 16 MiB of float
    private static final int LEAST_ROWS = 32;

    private final Path path;
    private final ParameterStore weights;
    private final CausalLm model;
    private final Arena arena;
    private final int batchSequences;
    private final int chunkRows;

    /** @param chunkRows n, at most T */
    Teacher(ModelDirectory directory, Kernels kernels, int batchSequences, int sequenceLength, int chunkRows) {
        ModelConfig config = directory.config();
        this.path = directory.path();
        this.weights = ParameterStore.zeros(CausalLm.layout(config, name -> false), kernels.type());
        directory.load(weights);
        this.model = new CausalLm(config, weights, null, kernels, sequenceLength);
        this.batchSequences = batchSequences;
        this.chunkRows = chunkRows;
        this.arena = Arena.ofElements(
                kernels.type(),
                model.arenaElements(
                        (sizing, scratch) -> dryRun(sizing, batchSequences, sequenceLength, chunkRows, scratch)));
    }

    /** Makes the calls of one batch on a model without memory, so that its scratch can be sized. */
    private static void dryRun(CausalLm sizing, int batchSequences, int sequenceLength, int chunkRows, Arena scratch) {
        sizing.hiddenStates(new int[batchSequences * sequenceLength], batchSequences, scratch, null); // (B*T, D)
        scratch.matrix(chunkRows, sizing.config().vocabSize()); // (n, V)
    }

    private static int chunkRows(ModelConfig config, int sequenceLength) {
        return Math.min(sequenceLength, Math.max(LEAST_ROWS, CHUNK_ELEMENTS / config.vocabSize()));
    }

    /**
     * Memory that a teacher of this shape takes, in FLOAT, from shapes alone.
     *
     * @param numThreads of its kernels
     */
    public static Footprint footprint(ModelConfig config, int batchSequences, int sequenceLength, int numThreads) {
        return CausalLm.footprint(
                config,
                null,
                DataType.FLOAT,
                sequenceLength,
                Recompute.NONE,
                numThreads,
                (sizing, scratch) ->
                        dryRun(sizing, batchSequences, sequenceLength, chunkRows(config, sequenceLength), scratch));
    }

    /**
     * Loads a teacher.
     *
     * @param kernels of this thread; not closed with the teacher
     * @param batchSequences B
     * @param sequenceLength T of all that it will be asked
     * @throws org.xecomla.config.UserException where the directory is no model, or the model is too short for T
     */
    public static Teacher open(Path model, Kernels kernels, int batchSequences, int sequenceLength) {
        ModelDirectory directory = ModelDirectory.open(model);
        int longest = directory.config().maxPositionEmbeddings();
        if (sequenceLength > longest) {
            throw new ConfigException("the teacher " + DataFiles.display(model) + " takes sequences of at most "
                    + longest + " tokens and they have " + sequenceLength + ": lower sequence.length");
        }
        int chunkRows = chunkRows(directory.config(), sequenceLength);
        return new Teacher(directory, kernels, batchSequences, sequenceLength, chunkRows);
    }

    public ModelConfig config() {
        return model.config();
    }

    /** Refuses a student with another vocabulary: a distribution over the one says nothing about the other. */
    public static void requireSameVocabulary(ModelConfig teacher, ModelConfig student) {
        if (teacher.vocabSize() != student.vocabSize()) {
            boolean larger = teacher.vocabSize() > student.vocabSize();
            throw new ConfigException("the teacher's vocabulary has " + teacher.vocabSize() + " ids and the student's "
                    + student.vocabSize() + ", so that ids " + Math.min(teacher.vocabSize(), student.vocabSize())
                    + " to "
                    + (Math.max(teacher.vocabSize(), student.vocabSize()) - 1) + " are only the "
                    + (larger ? "teacher's" : "student's")
                    + ": set teacher.path to a model with the student's tokenizer");
        }
    }

    /**
     * Writes the target shard of one token shard, atomically.
     *
     * @param directory of the target shards
     * @param spec of the target shards, its vocabulary and length this teacher's
     * @param progress told the number of tokens after each batch
     * @return the target shard's digest
     */
    public String writeShard(
            TokenShards tokens, int shard, Path directory, TargetShardSpec spec, LongConsumer progress) {
        tokens.requireFits(config().vocabSize(), model.maxSequenceLength(), "the teacher " + DataFiles.display(path));
        if (spec.vocabSize() != config().vocabSize()) {
            throw new IllegalArgumentException(
                    "targets over " + spec.vocabSize() + " ids from a teacher of " + config().vocabSize());
        }
        long first = tokens.plan().firstSequence(shard);
        int count = tokens.plan().numSequencesOf(shard);
        return TargetShardWriter.write(directory, spec, shard, tokens.digest(shard), out -> {
            for (int from = 0; from < count; from += batchSequences) {
                int n = Math.min(batchSequences, count - from);
                for (byte[] record : records(tokens, first + from, n, spec)) {
                    out.add(record);
                }
                progress.accept((long) n * tokens.sequenceLength());
            }
        });
    }

    /** The records of {@code count} sequences from {@code first} on. */
    private byte[][] records(TokenShards tokens, long first, int count, TargetShardSpec spec) {
        int length = tokens.sequenceLength();
        int[] ids = new int[count * length];
        for (int b = 0; b < count; b++) {
            System.arraycopy(tokens.read(first + b), 0, ids, b * length, length);
        }
        long mark = arena.mark();
        Tensor hidden = model.hiddenStates(ids, count, arena, null); // (B*T, D)
        byte[][] records = new byte[count][];
        for (int b = 0; b < count; b++) {
            TargetEncoder encoder = spec.codec().encoder(length, spec.vocabSize(), first + b);
            encode(hidden.rows(b * length, (b + 1) * length), spec.codec().temperature(), encoder);
            records[b] = encoder.finish();
        }
        arena.release(mark);
        return records;
    }

    private void encode(Tensor hidden, double temperature, TargetEncoder encoder) {
        for (int from = 0; from < hidden.rows(); from += chunkRows) {
            int to = Math.min(hidden.rows(), from + chunkRows);
            long mark = arena.mark();
            Tensor rows = arena.matrix(to - from, config().vocabSize()); // (n, V)
            model.logits(hidden.rows(from, to), rows); // (n, V)
            model.kernels().softmaxRows(rows, 1 / temperature, new double[to - from]); // (n, V)
            encoder.addProbabilities(rows);
            arena.release(mark);
        }
    }

    @Override
    public void close() {
        arena.close();
        model.close();
        weights.close();
    }
}
