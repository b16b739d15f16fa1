package org.xecomla.nn.loss;

import java.util.Arrays;
import org.xecomla.config.Divergence;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;

/**
 * The losses of some positions from their logits, and the gradient of the logits in the logits' own memory.
 *
 * <p>With q = softmax(beta z), beta = 1/T and weights w of the listed tokens, KL and cross-entropies all have the
 * gradient beta (mass q - w). A tail bucket of teacher's mass t and student's mass q_t (both at least 1e-12) adds t
 * (log t - log q_t): listed tokens then have (mass + t) q - w, the others (mass + t - t / q_t) q. Other divergences are
 * {@link BucketDivergence}'s. Legend: N rows, V vocabulary, k listed tokens.
 */
public record LogitsLoss(Kernels kernels) {
    private static final double LEAST_TAIL = 1e-12;

    /**
     * @param logits (N, V): leaves as its gradient where {@code weights} are given, else spent
     * @param weights null: sums only
     */
    public LossSums apply(Tensor logits, TokenLoss loss, LossWeights weights, Arena arena) {
        if (loss.targets() == null || loss.labels() == null || loss.temperature() == 1) {
            return oneSoftmax(logits, loss, weights, arena);
        }
        long mark = arena.mark();
        Tensor second = arena.matrix(logits.rows(), logits.cols()); // (N, V)
        kernels.copy(logits, second);
        LossSums ce = oneSoftmax(second, TokenLoss.crossEntropy(loss.labels()), weights, arena);
        TokenLoss alone = TokenLoss.distillation(loss.targets(), loss.temperature(), loss.divergence());
        LossSums kl = oneSoftmax(logits, alone, weights, arena);
        if (weights != null) {
            kernels.axpy(1, second, logits); // (N, V)
        }
        arena.release(mark);
        return kl.plus(ce);
    }

    private LossSums oneSoftmax(Tensor logits, TokenLoss loss, LossWeights weights, Arena arena) {
        int numRows = logits.rows();
        double beta = loss.targets() == null ? 1 : 1 / loss.temperature();
        ListedTargets targets = loss.targets() == null ? null : ListedTargets.of(loss.targets());
        double[] labelLogits = loss.labels() == null ? null : gather(logits, loss.labels()); // (N)
        double[] targetLogits = targets == null ? null : gather(logits, targets.ids()); // (N, k)
        double[] logSumExp = new double[numRows];
        kernels.softmaxRows(logits, beta, logSumExp); // (N, V)

        LossSums sums = LossSums.ZERO;
        RowFactors factors = new RowFactors(new double[numRows], new double[numRows]);
        double[] listed = null; // (N, k) student's probabilities where they are set apart
        double[] slopes = null; // (N, k) what the listed tokens pull the gradient by
        if (loss.labels() != null) {
            sums = sums.plus(crossEntropy(loss.labels(), labelLogits, logSumExp, weights, factors));
        }
        if (targets != null) {
            double[] tail = null; // (N) student's mass of all other tokens
            if (targets.tail() != null || loss.divergence() != Divergence.FORWARD_KL) {
                listed = gather(logits, targets.ids()); // (N, k)
                tail = clearListed(logits, targets.ids(), listed, arena);
            }
            if (loss.divergence() == Divergence.FORWARD_KL) {
                sums = sums.plus(divergence(targets, targetLogits, tail, beta, logSumExp, weights, factors));
            } else {
                BucketDivergence divergence = new BucketDivergence(loss.divergence(), targets, listed, tail);
                sums = sums.plus(divergence.sums());
                slopes = weights == null ? null : divergence.slopes(weights.kl() * beta, factors);
            }
        }
        if (weights != null) {
            gradient(logits, loss.labels(), targets, listed, slopes, beta, weights, factors);
        }
        return sums;
    }

    /**
     * What the probabilities of a row are multiplied by in the gradient: those of listed tokens, and those of the rest.
     */
    record RowFactors(double[] listed, double[] rest) {
        void add(int n, double toListed, double toRest) {
            listed[n] += toListed;
            rest[n] += toRest;
        }
    }

    private double[] gather(Tensor x, int[] ids) {
        double[] values = new double[ids.length];
        kernels.gatherColumns(x, ids, values);
        return values;
    }

    /**
     * Sets the listed columns of every row to zero and returns the sums of what is left: small tails would drown in the
     * rounding of 1 minus the listed.
     */
    private double[] clearListed(Tensor probabilities, int[] ids, double[] listed, Arena arena) {
        double[] negative = new double[listed.length];
        for (int i = 0; i < listed.length; i++) {
            negative[i] = -listed[i];
        }
        kernels.scatterAddColumns(negative, ids, probabilities); // (N, V)
        long mark = arena.mark();
        Tensor ones = arena.matrix(1, probabilities.cols()); // (1, V)
        Tensor rest = arena.matrix(probabilities.rows(), 1); // (N, 1)
        kernels.fill(ones, 1);
        kernels.gemm(false, true, 1, probabilities, ones, 0, rest); // (N, 1)
        double[] sums = gather(rest, new int[probabilities.rows()]);
        arena.release(mark);
        return sums;
    }

    private static LossSums crossEntropy(
            int[] labels, double[] logits, double[] logSumExp, LossWeights weights, RowFactors factors) {
        double sum = 0;
        long count = 0;
        for (int n = 0; n < labels.length; n++) {
            if (labels[n] >= 0) {
                sum += logSumExp[n] - logits[n];
                count++;
                if (weights != null) {
                    factors.add(n, weights.ce(), weights.ce());
                }
            }
        }
        return new LossSums(0, sum, 0, count);
    }

    private static LossSums divergence(
            ListedTargets targets,
            double[] logits,
            double[] tailMass,
            double beta,
            double[] logSumExp,
            LossWeights weights,
            RowFactors factors) {
        double sum = 0;
        long count = 0;
        for (int n = 0; n < logSumExp.length; n++) {
            double mass = targets.mass(n);
            if (mass == 0) {
                continue;
            }
            count++;
            double tail = tailMass == null ? 0 : Math.max(targets.tail()[n], LEAST_TAIL);
            double studentTail = tailMass == null ? 1 : Math.max(tailMass[n], LEAST_TAIL);
            sum += ofRow(targets, n, logits, beta, logSumExp[n]);
            sum += tailMass == null ? 0 : tail * (Math.log(tail) - Math.log(studentTail));
            if (weights != null) {
                boolean flat = tailMass != null && tailMass[n] < LEAST_TAIL; // the clamp has no slope
                double all = flat ? mass : mass + tail;
                double fromTail = flat || tailMass == null ? 0 : tail / studentTail;
                factors.add(n, weights.kl() * beta * all, weights.kl() * beta * (all - fromTail));
            }
        }
        return new LossSums(sum, 0, count, 0);
    }

    /**
     * Sum of w (log w - log q) over the listed tokens of row n; of w (-log q) where the teacher's entropy is not known.
     */
    private static double ofRow(ListedTargets targets, int n, double[] logits, double beta, double logSumExp) {
        double sum = 0;
        for (int i = n * targets.k(); i < (n + 1) * targets.k(); i++) {
            double weight = targets.weights()[i];
            if (targets.ids()[i] >= 0 && weight > 0) {
                double logQ = beta * logits[i] - logSumExp;
                sum += weight * ((targets.entropyKnown() ? Math.log(weight) : 0) - logQ);
            }
        }
        return sum;
    }

    /** Logits hold q, with zeros in the listed columns where those are set apart; they leave as the gradient. */
    private void gradient(
            Tensor logits,
            int[] labels,
            ListedTargets targets,
            double[] listed,
            double[] slopes,
            double beta,
            LossWeights weights,
            RowFactors factors) {
        kernels.scaleRows(factors.rest(), logits); // (N, V)
        if (targets != null) {
            double[] values = new double[targets.ids().length]; // (N, k)
            for (int i = 0; i < values.length; i++) {
                double fromListed = listed == null ? 0 : factors.listed()[i / targets.k()] * listed[i];
                values[i] = fromListed + (slopes == null ? -weights.kl() * beta * targets.weights()[i] : slopes[i]);
            }
            kernels.scatterAddColumns(values, targets.ids(), logits); // (N, V)
        }
        if (labels != null) {
            double[] values = new double[labels.length]; // (N)
            Arrays.fill(values, -weights.ce());
            kernels.scatterAddColumns(values, labels, logits); // (N, V)
        }
    }
}
