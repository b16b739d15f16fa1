package org.xecomla.train;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.xecomla.averaging.Measures;
import org.xecomla.config.Divergence;
import org.xecomla.config.RunConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LayerLoss;
import org.xecomla.nn.loss.CombinedLoss;
import org.xecomla.nn.loss.CrossEntropy;
import org.xecomla.nn.loss.FirstIds;
import org.xecomla.nn.loss.LossSums;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.nn.loss.TokenLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Sequences;
import org.xecomla.train.data.TrainingSequence;

/**
 * The loss of tokens: (1 - alpha) T^2 KL + alpha CE, each the mean over its positions in the batch, so that the size of
 * a micro-batch changes nothing but rounding. Measures {@value #KL} and {@value #CE}, nats per position, as well.
 *
 * @param alpha weight of the cross-entropy on the text, 0 to 1
 * @param temperature T of student and targets in the KL
 * @param divergence from the teacher, in place of KL
 */
public record TokenObjective(double alpha, double temperature, Divergence divergence)
        implements Objective<TrainingSequence> {
    /** Cross-entropy only: pretraining. */
    public static final TokenObjective CROSS_ENTROPY = new TokenObjective(1, 1);

    /** Divergence from the teacher, over positions with a target. */
    public static final String KL = "kl";

    /** Cross-entropy on the text, over positions with a label. */
    public static final String CE = "ce";

    public TokenObjective {
        if (!(alpha >= 0 && alpha <= 1) || !(temperature > 0)) {
            throw new IllegalArgumentException("no loss of alpha " + alpha + " and temperature " + temperature);
        }
    }

    /** With forward KL. */
    public TokenObjective(double alpha, double temperature) {
        this(alpha, temperature, Divergence.FORWARD_KL);
    }

    /** The loss of sections {@code distill} and {@code targets}. */
    public static TokenObjective distillation(RunConfig config) {
        return new TokenObjective(
                config.distill().alpha(),
                config.targets().temperature(),
                config.distill().divergence());
    }

    @Override
    public Measures addGradients(Replica replica, List<TrainingSequence> samples, long step) {
        return addGradients(replica, samples, null);
    }

    /** The same joined by what is learned from the base's layers; null: nothing. */
    Measures addGradients(Replica replica, List<TrainingSequence> samples, LayerMatching.Step layers) {
        long numLearned = atLeastOne(samples.stream().mapToLong(TrainingSequence::numLearned));
        double klScale = 1.0 / atLeastOne(samples.stream().mapToLong(TrainingSequence::numTargets));
        double ceScale = 1.0 / atLeastOne(samples.stream().mapToLong(TrainingSequence::numLabels));
        LossSums sums = LossSums.ZERO;
        int micro = replica.shape().microBatchSequences();
        for (int from = 0; from < samples.size(); from += micro) {
            TrainingBatch batch = TrainingBatch.of(samples.subList(from, Math.min(samples.size(), from + micro)));
            LayerLoss matching = layers == null ? null : layers.of(batch, numLearned);
            sums = sums.plus(replica.addGradients(batch, loss(batch, klScale, ceScale), matching));
        }
        return measures(sums);
    }

    private static long atLeastOne(LongStream counts) {
        return Math.max(1, counts.sum());
    }

    private Measures measures(LossSums sums) {
        long numPositions = Math.max(sums.numKl(), sums.numCe());
        return Measures.NONE
                .with(KL, sums.klSum(), sums.numKl())
                .with(CE, sums.ceSum(), sums.numCe())
                .with(Measures.LOSS, sums.value(alpha, temperature) * numPositions, numPositions);
    }

    @Override
    public void dryRun(CausalLm sizing, Replica.Shape shape, Arena arena) {
        dryRun(sizing, shape, null, arena);
    }

    /** The same joined by {@code layers}; null: nobody. Top-k targets take the most scratch. */
    void dryRun(CausalLm sizing, Replica.Shape shape, LayerLoss layers, Arena arena) {
        int n = shape.microBatchSequences() * shape.sequenceLength();
        SoftLabels targets = new SoftLabels.TopK(n, 1, new int[n], new float[n], new float[n]);
        TokenLoss loss = loss(targets, new int[n], 1, 1);
        sizing.lossAndGradients(new int[n], Sequences.of(shape.microBatchSequences(), n), loss, layers, arena);
    }

    /**
     * The loss of {@code batch}. The cross-entropy is measured also where it is not trained on, unless it would cost a
     * second softmax.
     *
     * @param klScale commonly 1 / positions with a target in all of the step
     * @param ceScale commonly 1 / positions with a label in all of the step
     */
    TokenLoss loss(TrainingBatch batch, double klScale, double ceScale) {
        if (batch.softLabels() == null && alpha < 1) {
            throw new IllegalArgumentException(
                    "alpha " + alpha + " asks for the teacher's targets, and there are none");
        }
        boolean free = alpha > 0 || temperature == 1;
        TokenLoss loss = loss(batch.softLabels(), free ? batch.labels() : null, klScale, ceScale);
        return batch.numIds() == TrainingSequence.ALL_IDS ? loss : new FirstIds(loss, batch.numIds());
    }

    /** Of targets and labels, either of which may be null. */
    private TokenLoss loss(SoftLabels targets, int[] labels, double klScale, double ceScale) {
        List<TokenLoss> losses = new ArrayList<>();
        if (targets != null) {
            double weight = (1 - alpha) * temperature * temperature * klScale;
            losses.add(TokenLoss.of(divergence, targets, temperature, weight));
        }
        if (labels != null) {
            losses.add(new CrossEntropy(labels, alpha * ceScale));
        }
        return losses.size() == 1 ? losses.get(0) : new CombinedLoss(losses);
    }
}
