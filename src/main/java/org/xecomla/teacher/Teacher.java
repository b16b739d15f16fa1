package org.xecomla.teacher;

import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.Footprint;
import org.xecomla.nn.StreamedLm;
import org.xecomla.targets.TargetEncoder;
import org.xecomla.targets.TargetShardSpec;
import org.xecomla.targets.TargetShardWriter;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * A model that only speaks: token sequences in, its distributions out, sequence by sequence into a target codec.
 *
 * <p>Several sequences go through the blocks at once; the head works on a few positions at a time, so that logits of
 * all positions never exist together. The same tokens, batch size and kernels give the same bytes, whoever asks and
 * however often. Legend: B sequences at once, T time, D model, V vocabulary, n positions of a chunk.
 */
public final class Teacher implements AutoCloseable {
    private final Path path;
    private final ModelConfig config;
    private final TeacherModel model;
    private final TeacherShape shape;
    private final Kernels kernels;
    private final Arena arena;

    Teacher(ModelDirectory directory, Kernels kernels, TeacherShape shape) {
        this.path = directory.path();
        this.config = directory.config();
        this.shape = shape;
        this.kernels = kernels;
        this.model = shape.streamed()
                ? new TeacherModel.Streamed(new StreamedLm(config, directory::load, kernels, shape.sequenceLength()))
                : new TeacherModel.Resident(LoadedModel.open(directory, kernels, shape.sequenceLength()));
        long bytes = shape.footprint(config, kernels.type(), 1).arena();
        this.arena = Arena.of(kernels, bytes);
    }

    /** A teacher with all its weights in memory: {@link #open(Path, Kernels, int, int, long)} without a limit. */
    public static Teacher open(Path model, Kernels kernels, int batchSequences, int sequenceLength) {
        return open(model, kernels, batchSequences, sequenceLength, Long.MAX_VALUE);
    }

    /**
     * Opens a teacher. Where its weights do not fit into the memory it is given, they pass through layer by layer, for
     * as many sequences at once as fit: slower, since they are read for every batch, and the same distributions up to
     * rounding.
     *
     * @param kernels of this thread; not closed with the teacher
     * @param batchSequences B, where all weights fit
     * @param sequenceLength T of all that it will be asked
     * @param limitBytes of weights and activations
     * @throws org.xecomla.errors.UserException where the directory is no model, the model is too short for T, or the
     *     limit too low for its largest layer
     */
    public static Teacher open(Path model, Kernels kernels, int batchSequences, int sequenceLength, long limitBytes) {
        return open(ModelDirectory.open(model), kernels, batchSequences, sequenceLength, limitBytes);
    }

    /** The same of a directory whose configuration has been looked at already. */
    public static Teacher open(
            ModelDirectory directory, Kernels kernels, int batchSequences, int sequenceLength, long limitBytes) {
        ModelConfig config = directory.config();
        int longest = config.maxPositionEmbeddings();
        if (sequenceLength > longest) {
            throw new ConfigException(
                    "the teacher " + DataFiles.display(directory.path()) + " takes sequences of at most " + longest
                            + " tokens and they have " + sequenceLength + ": lower sequence.length");
        }
        TeacherShape shape = TeacherShape.within(limitBytes, config, kernels.type(), batchSequences, sequenceLength);
        return new Teacher(directory, kernels, shape);
    }

    public ModelConfig config() {
        return config;
    }

    /**
     * Memory that a teacher of this shape takes with all its weights, in FLOAT, from shapes alone.
     *
     * @param numThreads of its kernels
     */
    public static Footprint footprint(ModelConfig config, int batchSequences, int sequenceLength, int numThreads) {
        return TeacherShape.resident(config, batchSequences, sequenceLength)
                .footprint(config, ElementType.FLOAT, numThreads);
    }

    /** Memory of weights, tables and activations. */
    public Footprint footprint() {
        return shape.footprint(config, kernels.type(), 1);
    }

    /**
     * Writes the target shard of one token shard, atomically.
     *
     * @param directory of the target shards
     * @param spec of the target shards, its length this teacher's; over the first ids only where its vocabulary is less
     * @param progress told the number of tokens after each batch
     * @return the target shard's digest
     */
    public String writeShard(
            TokenShards tokens, int shard, Path directory, TargetShardSpec spec, LongConsumer progress) {
        String name = "the teacher " + DataFiles.display(path);
        if (spec.vocabSize() < tokens.spec().vocabSize()) {
            tokens.requireLength(shape.sequenceLength(), name); // cut: ids beyond are padding, or refused when met
        } else {
            tokens.requireFits(config().vocabSize(), shape.sequenceLength(), name);
        }
        if (spec.vocabSize() > config().vocabSize()) {
            throw new IllegalArgumentException(
                    "targets over " + spec.vocabSize() + " ids from a teacher of " + config().vocabSize());
        }
        long first = tokens.plan().firstSequence(shard);
        int count = tokens.plan().numSequencesOf(shard);
        return TargetShardWriter.write(directory, spec, shard, tokens.digest(shard), out -> {
            for (int from = 0; from < count; from += shape.batchSequences()) {
                int n = Math.min(shape.batchSequences(), count - from);
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
        int[] starts = new int[count * length];
        for (int b = 0; b < count; b++) {
            TokenSequence sequence = tokens.sequence(first + b);
            System.arraycopy(sequence.ids(), 0, ids, b * length, length);
            System.arraycopy(sequence.starts(), 0, starts, b * length, length);
        }
        long mark = arena.mark();
        Tensor hidden = model.hiddenStates(ids, Sequences.of(count, starts), arena); // (B*T, D)
        StreamedLm.Head head = model.head(arena);
        byte[][] records = new byte[count][];
        for (int b = 0; b < count; b++) {
            TargetEncoder encoder = spec.codec().encoder(length, spec.vocabSize(), first + b);
            encode(head, hidden.rows(b * length, (b + 1) * length), spec, encoder);
            records[b] = encoder.finish();
        }
        arena.release(mark);
        return records;
    }

    private void encode(StreamedLm.Head head, Tensor hidden, TargetShardSpec spec, TargetEncoder encoder) {
        for (int from = 0; from < hidden.rows(); from += shape.chunkRows()) {
            int to = Math.min(hidden.rows(), from + shape.chunkRows());
            long mark = arena.mark();
            Tensor rows = arena.matrix(to - from, spec.vocabSize()); // (n, V)
            head.logits(hidden.rows(from, to), rows); // (n, V)
            kernels.head().softmax(rows, 1 / spec.codec().temperature(), new double[to - from]); // (n, V)
            encoder.add(rows);
            arena.release(mark);
        }
    }

    @Override
    public void close() {
        arena.close();
        model.close();
    }
}
