package org.xecomla.train;

import java.util.Arrays;
import java.util.List;
import org.xecomla.nn.LossSums;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Optimizer;
import org.xecomla.tensor.Tensor;

/**
 * One optimizer step of one replica: gradients of all its sequences, micro-batch by micro-batch, clipped by their global
 * norm, then the update. The loss is a mean per position over all of them, so the size of a micro-batch changes nothing but
 * rounding.
 */
public final class TrainStep {
    private final Replica replica;
    private final Optimizer optimizer;
    private final LearningRateSchedule schedule;
    private final GradientClip clip;
    private final LossSettings loss;

    public TrainStep(
            Replica replica, Optimizer optimizer, LearningRateSchedule schedule, GradientClip clip, LossSettings loss) {
        this.replica = replica;
        this.optimizer = optimizer;
        this.schedule = schedule;
        this.clip = clip;
        this.loss = loss;
    }

    public Replica replica() {
        return replica;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    public LossSettings loss() {
        return loss;
    }

    /** What a step came to: summed losses before the update, the gradients' norm before clipping, the rate. */
    record Outcome(LossSums sums, double gradientNorm, double learningRate) {}

    /**
     * Takes one step.
     *
     * @param step steps done before, which decide on the learning rate
     * @param sequences all of one length, at least one
     */
    Outcome run(long step, List<TrainingSequence> sequences) {
        for (Tensor segment : replica.gradients().segments()) {
            replica.kernels().fill(segment, 0); // (1, length)
        }
        double klScale = 1.0 / numTokens(sequences);
        double ceScale = 1.0 / Math.max(1, numLabels(sequences));
        LossSums sums = LossSums.ZERO;
        int micro = replica.shape().microBatchSequences();
        for (int from = 0; from < sequences.size(); from += micro) {
            TrainingBatch batch = TrainingBatch.of(sequences.subList(from, Math.min(sequences.size(), from + micro)));
            sums = sums.plus(replica.addGradients(batch, loss, klScale, ceScale));
        }
        double norm = GradientClip.globalNorm(replica.gradients(), replica.kernels());
        double rate = schedule.at(step);
        optimizer.step(replica.weights(), replica.gradients(), rate, clip.factor(norm), replica.kernels());
        return new Outcome(sums, norm, rate);
    }

    private static long numTokens(List<TrainingSequence> sequences) {
        return sequences.stream().mapToLong(s -> s.ids().length).sum();
    }

    private static long numLabels(List<TrainingSequence> sequences) {
        return sequences.stream()
                .mapToLong(s ->
                        Arrays.stream(s.labels()).filter(label -> label >= 0).count())
                .sum();
    }
}
