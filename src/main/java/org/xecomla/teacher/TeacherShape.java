package org.xecomla.teacher;

import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.UserException;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.nn.StreamedLm;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Sequences;

/**
 * What a teacher is asked at once, and whether its weights stay in memory.
 *
 * @param batchSequences B, at most
 * @param sequenceLength T
 * @param chunkRows positions whose logits exist at once
 * @param streamed whether weights pass through layer by layer
 */
record TeacherShape(int batchSequences, int sequenceLength, int chunkRows, boolean streamed) {
    private static final int MOST_STREAMED_SEQUENCES = 512; // reading is then long outweighed by computing

    /** All weights in memory. */
    static TeacherShape resident(ModelConfig config, int batchSequences, int sequenceLength) {
        int chunkRows = Math.min(sequenceLength, CausalLm.logitRows(config));
        return new TeacherShape(batchSequences, sequenceLength, chunkRows, false);
    }

    /**
     * All weights in memory where {@code limitBytes} allow; else as many sequences at once as fit beside the largest
     * layer.
     *
     * @param batchSequences at once with all weights in memory
     * @param limitBytes of weights and activations
     * @throws UserException where not even one sequence fits beside the largest layer
     */
    static TeacherShape within(
            long limitBytes, ModelConfig config, ElementType type, int batchSequences, int sequenceLength) {
        TeacherShape resident = resident(config, batchSequences, sequenceLength);
        if (resident.footprint(config, type, 1).total() <= limitBytes) {
            return resident;
        }
        TeacherShape one = new TeacherShape(1, sequenceLength, resident.chunkRows, true);
        long alone = one.footprint(config, type, 1).total();
        if (alone > limitBytes) {
            throw new UserException(
                    "the teacher takes " + mib(alone) + " MiB for its largest layer and one sequence of "
                            + sequenceLength + " tokens, and compute.teacher-memory-gib allows " + mib(limitBytes)
                            + ": raise it, or lower sequence.length");
        }
        long more = (long) sequenceLength * config.hiddenSize() * type.width();
        long fitting = Math.min(MOST_STREAMED_SEQUENCES, 1 + (limitBytes - alone) / more);
        return new TeacherShape((int) fitting, sequenceLength, resident.chunkRows, true);
    }

    private static long mib(long bytes) {
        return (bytes + (1 << 20) - 1) >> 20;
    }

    /** Memory from shapes alone; where weights are streamed, apart from the scratch of kernels. */
    Footprint footprint(ModelConfig config, ElementType type, int numThreads) {
        int[] ids = new int[batchSequences * sequenceLength];
        if (streamed) {
            return StreamedLm.footprint(config, type, sequenceLength, (sizing, scratch) -> {
                sizing.hiddenStates(ids, Sequences.of(batchSequences, ids.length), scratch);
                sizing.head(scratch);
                logits(config, scratch);
            });
        }
        return Footprint.of(config, null, type, sequenceLength, Recompute.NONE, numThreads, (sizing, scratch) -> {
            sizing.hiddenStates(ids, batchSequences, scratch, null);
            logits(config, scratch);
        });
    }

    private void logits(ModelConfig config, Arena scratch) {
        scratch.matrix(chunkRows, config.vocabSize()); // (n, V)
    }
}
