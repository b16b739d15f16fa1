package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What stories260K, made latent, comes to with the same tokens when four replicas come together in different ways, and
 * with one replica: prints the table.
 */
@Tag("measure")
class OuterUpdateTableTest {
    private static final int NUM_REPLICAS = 4;
    private static final List<Integer> INTERVALS = List.of(1, 5, 20, 50);

    @TempDir
    Path temporary;

    @Test
    void waysToComeTogether() throws Exception {
        try (StoriesExperiment stories = new StoriesExperiment(temporary)) {
            double large = kl(stories, 1);
            print("one replica, whole batch: KL %.4f", large);
            double gradients = kl(stories, NUM_REPLICAS, "distill.averaged=gradients");
            print("gradients averaged every step: KL %.4f", gradients);
            for (int interval : INTERVALS) {
                String steps = "distill.local-steps=" + interval;
                double plain = kl(stories, NUM_REPLICAS, steps, "distill.averaged=weights");
                double diloco = kl(
                        stories, NUM_REPLICAS, steps, "distill.outer.learning-rate=0.7", "distill.outer.momentum=0.9");
                print("H %2d: plain KL %.4f, DiLoCo KL %.4f", interval, plain, diloco);
                assertTrue(plain < 1, "plain averaging learns: " + plain);
            }
            assertTrue(Math.abs(gradients - large) < 0.02 * large, "averaged gradients are one large batch");
        }
    }

    private static double kl(StoriesExperiment stories, int numReplicas, String... settings) throws Exception {
        return stories.distil(StoriesExperiment.config(settings), numReplicas).kl();
    }

    private static void print(String format, Object... values) {
        System.out.println(String.format(Locale.ROOT, format, values));
    }
}
