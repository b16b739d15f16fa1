package org.xecomla.eval;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.UserException;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Tensor;

/**
 * Scores a model on windows of token ids: perplexity over the shifted positions of each window, and the divergence from a
 * teacher over all positions, at temperature 1. Log-probabilities and sums are double.
 *
 * <p>Logits exist for a chunk of positions at a time. Not thread-safe. Legend: B windows, T time, D model, V vocabulary, n
 * positions of a chunk.
 */
public final class Evaluator implements AutoCloseable {
    private final CausalLm student;
    private final CausalLm teacher; // null: none
    private final int sequenceLength;
    private final int batchWindows;
    private final Arena studentArena;
    private final Arena teacherArena; // null: no teacher

    /**
     * @param teacher null: no divergence
     * @param sequenceLength T
     * @param batchWindows windows that go through the models together
     * @throws UserException where the vocabularies differ
     */
    public Evaluator(CausalLm student, CausalLm teacher, int sequenceLength, int batchWindows) {
        if (teacher != null && teacher.config().vocabSize() != student.config().vocabSize()) {
            throw new UserException(
                    "the teacher's vocabulary of " + teacher.config().vocabSize() + " is not the model's of "
                            + student.config().vocabSize() + ": they need the same tokenizer");
        }
        this.student = student;
        this.teacher = teacher;
        this.sequenceLength = sequenceLength;
        this.batchWindows = batchWindows;
        this.studentArena = arena(student);
        this.teacherArena = teacher == null ? null : arena(teacher);
    }

    private Arena arena(CausalLm model) {
        long elements = model.arenaElements((sizing, scratch) -> dryRun(sizing, batchWindows, sequenceLength, scratch));
        return Arena.ofElements(model.weights().type(), elements);
    }

    /** Makes the calls of one batch on a model without memory, so that its scratch can be sized. */
    private static void dryRun(CausalLm sizing, int batchWindows, int sequenceLength, Arena scratch) {
        Tensor hidden =
                sizing.hiddenStates(new int[batchWindows * sequenceLength], batchWindows, scratch, null); // (B*T, D)
        Logits.of(sizing, hidden.rows(0, Math.min(Logits.chunkRows(sizing), hidden.rows())), scratch); // (n, V)
    }

    /**
     * Memory that scoring takes for each of its models, in FLOAT, from shapes alone.
     *
     * @param numThreads of the kernels
     */
    public static Footprint footprint(ModelConfig model, int batchWindows, int sequenceLength, int numThreads) {
        return CausalLm.footprint(
                model,
                null,
                DataType.FLOAT,
                sequenceLength,
                Recompute.NONE,
                numThreads,
                (sizing, scratch) -> dryRun(sizing, batchWindows, sequenceLength, scratch));
    }

    /**
     * Scores windows one after another.
     *
     * @param windows each of T token ids
     * @throws UserException if an id is outside the vocabulary
     */
    public EvalSums evaluate(Iterable<int[]> windows) {
        EvalSums sums = EvalSums.ZERO;
        int[] batch = new int[batchWindows * sequenceLength];
        int filled = 0;
        for (int[] window : windows) {
            if (window.length != sequenceLength) {
                throw new IllegalArgumentException("a window of " + window.length + " tokens, not " + sequenceLength);
            }
            System.arraycopy(window, 0, batch, filled * sequenceLength, sequenceLength);
            filled++;
            if (filled == batchWindows) {
                sums = sums.plus(score(batch));
                filled = 0;
            }
        }
        return filled == 0 ? sums : sums.plus(score(Arrays.copyOf(batch, filled * sequenceLength)));
    }

    private EvalSums score(int[] ids) {
        int numWindows = ids.length / sequenceLength;
        long studentMark = studentArena.mark();
        long teacherMark = teacher == null ? 0 : teacherArena.mark();
        Tensor hidden = student.hiddenStates(ids, numWindows, studentArena, null); // (B*T, D)
        Tensor taught = teacher == null ? null : teacher.hiddenStates(ids, numWindows, teacherArena, null); // (B*T, D')
        EvalSums sums = EvalSums.ZERO;
        for (int from = 0; from < ids.length; from += Logits.chunkRows(student)) {
            int to = Math.min(ids.length, from + Logits.chunkRows(student));
            long studentTop = studentArena.mark();
            Tensor logits = Logits.of(student, hidden.rows(from, to), studentArena); // (n, V)
            sums = sums.plus(lossOfRows(logits, ids, from));
            if (teacher != null) {
                long teacherTop = teacherArena.mark();
                Tensor targets = Logits.of(teacher, taught.rows(from, to), teacherArena); // (n, V)
                sums = sums.plus(divergenceOfRows(targets, logits));
                teacherArena.release(teacherTop);
            }
            studentArena.release(studentTop);
        }
        studentArena.release(studentMark);
        if (teacher != null) {
            teacherArena.release(teacherMark);
        }
        return sums;
    }

    /** @param logits (n, V) of the positions from {@code from} on */
    private EvalSums lossOfRows(Tensor logits, int[] ids, int from) {
        double sum = 0;
        long numTokens = 0;
        for (int row = 0; row < logits.rows(); row++) {
            int position = from + row;
            boolean predicts = (position + 1) % sequenceLength != 0; // a window's last position has no label
            if (predicts) {
                double[] z = logits.rows(row, row + 1).toDoubles(); // (V)
                sum += Logits.logSumExp(z) - z[ids[position + 1]];
                numTokens++;
            }
        }
        return new EvalSums(sum, numTokens, 0, 0);
    }

    /**
     * @param targets (n, V), the teacher's logits
     * @param logits (n, V), the student's
     */
    private static EvalSums divergenceOfRows(Tensor targets, Tensor logits) {
        double sum = 0;
        for (int row = 0; row < logits.rows(); row++) {
            double[] p = targets.rows(row, row + 1).toDoubles(); // (V)
            double[] q = logits.rows(row, row + 1).toDoubles(); // (V)
            double logSumP = Logits.logSumExp(p);
            double logSumQ = Logits.logSumExp(q);
            for (int i = 0; i < p.length; i++) {
                double logP = p[i] - logSumP;
                sum += Math.exp(logP) * (logP - (q[i] - logSumQ));
            }
        }
        return new EvalSums(0, 0, sum, logits.rows());
    }

    @Override
    public void close() {
        studentArena.close();
        if (teacherArena != null) {
            teacherArena.close();
        }
    }
}
