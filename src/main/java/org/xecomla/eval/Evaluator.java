package org.xecomla.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.xecomla.config.ComputeConfig.Recompute;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.errors.UserException;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.Footprint;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * Scores a model on windows of token ids: perplexity over the shifted positions of each window, and the divergence from
 * a teacher over all positions, at temperature 1. Log-probabilities and sums are double.
 *
 * <p>Logits exist for a chunk of positions at a time. Not thread-safe. Legend: B windows, T time, D model, V
 * vocabulary, V' the teacher's, n positions of a chunk.
 */
public final class Evaluator implements AutoCloseable {
    private final CausalLm student;
    private final CausalLm teacher; // null: none
    private final int sequenceLength;
    private final int batchWindows;
    private final int chunkRows; // n
    private final Arena studentArena;
    private final Arena teacherArena; // null: no teacher
    private final List<EvalDetails.Sums> positions;
    private final List<EvalDetails.Sums> documents = new ArrayList<>();
    private boolean continues;

    /**
     * @param teacher null: no divergence; of the same tokenizer. Where one has more ids than the other, the divergence
     *     is that over the first ids, which both have
     * @param sequenceLength T
     * @param batchWindows windows that go through the models together
     */
    public Evaluator(CausalLm student, CausalLm teacher, int sequenceLength, int batchWindows) {
        this.student = student;
        this.teacher = teacher;
        this.sequenceLength = sequenceLength;
        this.batchWindows = batchWindows;
        this.chunkRows = Math.min(Logits.chunkRows(student), Logits.chunkRows(teacher == null ? student : teacher));
        this.studentArena = arena(student);
        this.teacherArena = teacher == null ? null : arena(teacher);
        this.positions = new ArrayList<>(Collections.nCopies(sequenceLength, EvalDetails.Sums.ZERO));
    }

    private Arena arena(CausalLm model) {
        long bytes = model.arenaBytes((sizing, scratch) -> dryRun(sizing, batchWindows, sequenceLength, scratch));
        return Arena.of(model.kernels(), bytes);
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
        return Footprint.of(
                model,
                null,
                ElementType.FLOAT,
                sequenceLength,
                Recompute.NONE,
                numThreads,
                (sizing, scratch) -> dryRun(sizing, batchWindows, sequenceLength, scratch));
    }

    /**
     * Scores windows one after another, at the positions that are learned.
     *
     * @param windows each of T tokens
     * @throws UserException if an id is outside the vocabulary
     */
    public EvalSums evaluate(Iterable<TokenSequence> windows) {
        EvalSums sums = EvalSums.ZERO;
        List<TokenSequence> batch = new ArrayList<>();
        for (TokenSequence window : windows) {
            if (window.ids().length != sequenceLength) {
                throw new IllegalArgumentException(
                        "a window of " + window.ids().length + " tokens, not " + sequenceLength);
            }
            batch.add(window);
            if (batch.size() == batchWindows) {
                sums = sums.plus(score(batch));
                batch.clear();
            }
        }
        return batch.isEmpty() ? sums : sums.plus(score(batch));
    }

    /** All that was evaluated so far, by position and by document. */
    public EvalDetails details() {
        return new EvalDetails(positions, documents, continues);
    }

    private EvalSums score(List<TokenSequence> windows) {
        int[] ids = new int[windows.size() * sequenceLength];
        int[] starts = new int[ids.length];
        for (int b = 0; b < windows.size(); b++) {
            System.arraycopy(windows.get(b).ids(), 0, ids, b * sequenceLength, sequenceLength);
            System.arraycopy(windows.get(b).starts(), 0, starts, b * sequenceLength, sequenceLength);
        }
        return score(windows, ids, Sequences.of(windows.size(), starts));
    }

    private EvalSums score(List<TokenSequence> windows, int[] ids, Sequences sequences) {
        long studentMark = studentArena.mark();
        long teacherMark = teacher == null ? 0 : teacherArena.mark();
        Tensor hidden = student.hiddenStates(ids, sequences, studentArena, null); // (B*T, D)
        Tensor taught = teacher == null ? null : teacher.hiddenStates(ids, sequences, teacherArena, null); // (B*T, D')
        EvalSums sums = EvalSums.ZERO;
        for (int from = 0; from < ids.length; from += chunkRows) {
            int to = Math.min(ids.length, from + chunkRows);
            long studentTop = studentArena.mark();
            Tensor logits = Logits.of(student, hidden.rows(from, to), studentArena); // (n, V)
            long teacherTop = teacher == null ? 0 : teacherArena.mark();
            Tensor targets = // (n, V'); null: no teacher
                    teacher == null ? null : Logits.of(teacher, taught.rows(from, to), teacherArena);
            for (int row = 0; row < logits.rows(); row++) {
                double[] q = logits.rows(row, row + 1).toDoubles(); // (V)
                double[] p = targets == null ? null : targets.rows(row, row + 1).toDoubles(); // (V')
                TokenSequence window = windows.get((from + row) / sequenceLength);
                sums = sums.plus(position(q, p, window, (from + row) % sequenceLength));
            }
            if (teacher != null) {
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

    /**
     * Adds one position to the details.
     *
     * @param q the student's logits, (V)
     * @param p the teacher's, (V'); null: none
     * @param t the position, which counts for nothing where it is not learned
     */
    private EvalSums position(double[] q, double[] p, TokenSequence window, int t) {
        int[] ids = window.ids();
        boolean learned = window.learned()[t];
        double logSumQ = Logits.logSumExp(q);
        boolean predicts = learned && window.hasNext(t); // else there is no label
        double loss = predicts ? logSumQ - q[ids[t + 1]] : 0;
        boolean compared = learned && p != null;
        double kl = compared ? divergence(p, q, logSumQ) : 0;
        long agrees = compared && agree(p, q) ? 1 : 0;
        EvalDetails.Sums one = new EvalDetails.Sums(loss, predicts ? 1 : 0, kl, agrees, compared ? 1 : 0);
        positions.set(t, positions.get(t).plus(one));
        if (ids[t] == student.config().bosTokenId() || documents.isEmpty()) {
            continues |= documents.isEmpty() && ids[t] != student.config().bosTokenId();
            documents.add(one);
        } else {
            int last = documents.size() - 1;
            documents.set(last, documents.get(last).plus(one));
        }
        return new EvalSums(one.loss(), one.numTokens(), one.kl(), one.numCompared());
    }

    private static boolean agree(double[] p, double[] q) {
        int common = Math.min(p.length, q.length);
        return Logits.argmax(Arrays.copyOf(p, common)) == Logits.argmax(Arrays.copyOf(q, common));
    }

    private static double divergence(double[] p, double[] q, double logSumQ) {
        if (p.length != q.length) {
            double[] firstQ = Arrays.copyOf(q, Math.min(p.length, q.length));
            return divergence(Arrays.copyOf(p, firstQ.length), firstQ, Logits.logSumExp(firstQ));
        }
        double logSumP = Logits.logSumExp(p);
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            double logP = p[i] - logSumP;
            sum += Math.exp(logP) * (logP - (q[i] - logSumQ));
        }
        return sum;
    }

    @Override
    public void close() {
        studentArena.close();
        if (teacherArena != null) {
            teacherArena.close();
        }
    }
}
