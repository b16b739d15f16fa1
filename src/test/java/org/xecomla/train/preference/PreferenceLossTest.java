package org.xecomla.train.preference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.xecomla.config.DpoConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.targets.LogProbabilities;

/** Losses of preferences against PyTorch's in double, and their slopes against central differences. */
class PreferenceLossTest {
    private static final double STEP = 1e-5;
    private static final PreferenceLoss SIGMOID = new PreferenceLoss(DpoConfig.Loss.SIGMOID, 0.01, 0);

    @Test
    void theLossAndItsGradientsAreThoseOfPyTorch() {
        SafetensorsFile golden =
                SafetensorsFile.open(DataFiles.path("src/test/resources/golden/losses/expected.safetensors"));
        double[] policyChosen = golden.readDoubles("dpo_policy_chosen");
        double[] policyRejected = golden.readDoubles("dpo_policy_rejected");
        double[] referenceChosen = golden.readDoubles("dpo_reference_chosen");
        double[] referenceRejected = golden.readDoubles("dpo_reference_rejected");
        double[] dChosen = golden.readDoubles("dpo_grad_policy_chosen");
        double[] dRejected = golden.readDoubles("dpo_grad_policy_rejected");
        int count = policyChosen.length;
        double mean = 0;
        for (int i = 0; i < count; i++) {
            PreferenceLoss.Value value = SIGMOID.of(
                    new LogProbabilities(policyChosen[i], policyRejected[i]),
                    new LogProbabilities(referenceChosen[i], referenceRejected[i]),
                    7,
                    5);
            mean += value.loss() / count;
            assertEquals(dChosen[i], value.dChosen() / count, 1e-6 * Math.abs(dChosen[i]));
            assertEquals(dRejected[i], value.dRejected() / count, 1e-6 * Math.abs(dRejected[i]));
        }
        assertEquals(golden.readDoubles("dpo_loss_beta001")[0], mean, 1e-6 * mean);
    }

    @Test
    void slopesAreThoseOfCentralDifferences() {
        List<PreferenceLoss> losses = List.of(
                SIGMOID,
                new PreferenceLoss(DpoConfig.Loss.SIGMOID, 0.3, 0.2),
                new PreferenceLoss(DpoConfig.Loss.IPO, 0.1, 0));
        LogProbabilities reference = new LogProbabilities(-21.5, -19.25);
        for (PreferenceLoss loss : losses) {
            for (double chosen : new double[] {-35, -20, -12}) {
                double rejected = -18.5;
                PreferenceLoss.Value value = loss.of(new LogProbabilities(chosen, rejected), reference, 6, 4);
                double up = loss.of(new LogProbabilities(chosen + STEP, rejected), reference, 6, 4)
                        .loss();
                double down = loss.of(new LogProbabilities(chosen - STEP, rejected), reference, 6, 4)
                        .loss();
                assertEquals((up - down) / (2 * STEP), value.dChosen(), 1e-6 * Math.max(1, Math.abs(value.dChosen())));
                up = loss.of(new LogProbabilities(chosen, rejected + STEP), reference, 6, 4)
                        .loss();
                down = loss.of(new LogProbabilities(chosen, rejected - STEP), reference, 6, 4)
                        .loss();
                assertEquals(
                        (up - down) / (2 * STEP), value.dRejected(), 1e-6 * Math.max(1, Math.abs(value.dRejected())));
            }
        }
    }

    @Test
    void whatTheLossPrefersIsItsForm() {
        LogProbabilities reference = new LogProbabilities(-20, -20);
        LogProbabilities far = new LogProbabilities(-20 + 2000, -20);
        assertTrue(SIGMOID.of(far, reference, 4, 4).dChosen() < 0, "a sure preference is pushed on");
        PreferenceLoss smoothed = new PreferenceLoss(DpoConfig.Loss.SIGMOID, 0.01, 0.1);
        assertTrue(smoothed.of(far, reference, 4, 4).dChosen() > 0, "doubt pulls a sure preference back");
        PreferenceLoss ipo = new PreferenceLoss(DpoConfig.Loss.IPO, 0.1, 0);
        assertEquals(0, ipo.of(new LogProbabilities(0, -20), reference, 4, 4).loss(), 1e-12, "20 / 4 is 1 / (2 beta)");
    }
}
