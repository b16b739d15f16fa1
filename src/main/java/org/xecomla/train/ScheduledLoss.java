package org.xecomla.train;

import java.util.List;
import org.xecomla.averaging.Measures;
import org.xecomla.config.LossSchedule;
import org.xecomla.config.RunConfig;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.LayerLoss;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.SoftLabels;
import org.xecomla.train.data.TrainingSequence;

/**
 * The loss of tokens whose alpha and temperature change over the run. Another temperature than that of the targets
 * needs the teacher's whole distributions.
 *
 * @param start alpha and temperature of the first step; the temperature is that of the targets
 */
record ScheduledLoss(TokenObjective start, LossSchedule alpha, LossSchedule temperature, long numSteps)
        implements SequenceObjective {
    /** The loss of sections {@code distill} and {@code targets} in a run of {@code numSteps} steps. */
    static SequenceObjective distillation(RunConfig config, long numSteps) {
        TokenObjective start = TokenObjective.distillation(config);
        LossSchedule alpha = config.distill().alphaSchedule();
        LossSchedule temperature = config.distill().temperatureSchedule();
        return alpha.isConstant() && temperature.isConstant()
                ? start
                : new ScheduledLoss(start, alpha, temperature, numSteps);
    }

    /** The loss at a step, {@code step} steps being done before. */
    TokenObjective at(long step) {
        return new TokenObjective(
                alpha.at(step, numSteps, start.alpha()),
                temperature.at(step, numSteps, start.temperature()),
                start.divergence());
    }

    @Override
    public Measures addGradients(Replica replica, List<TrainingSequence> samples, long step, LayerTeacher teacher) {
        TokenObjective now = at(step);
        List<TrainingSequence> seen = now.temperature() == start.temperature()
                ? samples
                : samples.stream()
                        .map(sample -> new TrainingSequence(
                                sample.ids(),
                                sample.labels(),
                                tempered((SoftLabels.Dense) sample.softLabels(), now.temperature()),
                                sample.starts()))
                        .toList();
        return now.addGradients(replica, seen, step, teacher);
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

    /** Both parts at another temperature than 1 take the most scratch. */
    @Override
    public void dryRun(CausalLm sizing, Replica.Shape shape, LayerLoss layers, Arena arena) {
        new TokenObjective(0.5, 2, start.divergence()).dryRun(sizing, shape, layers, arena);
    }
}
