package org.xecomla.train;

import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.config.LossSchedule;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.tensor.Arena;
import org.xecomla.train.data.Samples;
import org.xecomla.train.data.TrainingSequence;

/**
 * The loss of tokens whose alpha and temperature change over the run, and what is learned from the base's layers beside
 * it. Another temperature than that of the targets needs the teacher's whole distributions.
 *
 * @param start alpha and temperature of the first step; the temperature is that of the targets
 * @param layers null: nothing is learned from the base's layers; else closed with this
 */
record DistillationObjective(
        TokenObjective start, LossSchedule alpha, LossSchedule temperature, long numSteps, LayerMatching layers)
        implements Objective<TrainingSequence> {
    /** The loss of tokens at a step, {@code step} steps being done before. */
    TokenObjective at(long step) {
        return new TokenObjective(
                alpha.at(step, numSteps, start.alpha()),
                temperature.at(step, numSteps, start.temperature()),
                start.divergence());
    }

    @Override
    public void begin(Samples<TrainingSequence> data) {
        if (layers != null) {
            layers.begin(data);
        }
    }

    @Override
    public Measures addGradients(Replica replica, List<TrainingSequence> samples, long step) {
        TokenObjective now = at(step);
        List<TrainingSequence> seen = now.temperature() == start.temperature()
                ? samples
                : samples.stream()
                        .map(sample -> new TrainingSequence(
                                sample.ids(),
                                sample.labels(),
                                tempered((SoftLabels.Dense) sample.softLabels(), now.temperature()),
                                sample.starts(),
                                sample.numIds()))
                        .toList();
        if (layers == null) {
            return now.addGradients(replica, seen, step);
        }
        LayerMatching.Step matching = layers.newStep();
        return matching.joined(now.addGradients(replica, seen, matching));
    }

    /** softmax(z / T) to the power of T / T', made to sum to 1 again, is softmax(z / T'). */
    private SoftLabels.Dense tempered(SoftLabels.Dense targets, double newTemperature) {
        int vocab = targets.vocabSize();
        double power = start.temperature() / newTemperature;
        float[] all = targets.probabilities().clone(); // (T, V)
        for (int row = 0; row < targets.numRows(); row++) {
            double sum = 0;
            for (int i = row * vocab; i < (row + 1) * vocab; i++) {
                all[i] = (float) Math.pow(all[i], power);
                sum += all[i];
            }
            for (int i = row * vocab; sum > 0 && i < (row + 1) * vocab; i++) {
                all[i] /= (float) sum;
            }
        }
        return new SoftLabels.Dense(targets.numRows(), vocab, all);
    }

    /** Where weights change, both parts at another temperature than 1, which take the most scratch. */
    @Override
    public void dryRun(CausalLm sizing, Replica.Shape shape, Arena arena) {
        boolean constant = alpha.isConstant() && temperature.isConstant();
        TokenObjective tokens = constant ? start : new TokenObjective(0.5, 2, start.divergence());
        if (layers == null) {
            tokens.dryRun(sizing, shape, arena);
        } else {
            layers.dryRun(sizing, shape, matching -> tokens.dryRun(sizing, shape, matching, arena));
        }
    }

    @Override
    public void close() {
        if (layers != null) {
            layers.close();
        }
    }
}
