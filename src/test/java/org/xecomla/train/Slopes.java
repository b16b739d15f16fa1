package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.xecomla.tensor.Tensor;

/** The gradients that a replica holds against central differences, one random direction for each parameter. */
public final class Slopes {
    private static final double STEP = 1e-5;

    private Slopes() {}

    /** @param loss of the replica's weights as they are at the call */
    public static void check(Replica replica, DoubleSupplier loss) {
        Random random = new Random(3);
        for (String name : replica.weights().layout().places().keySet()) {
            Tensor weight = replica.weights().get(name);
            double[] gradient = replica.gradients().get(name).toDoubles();
            double[] centre = weight.toDoubles();
            double[] direction = random.doubles(centre.length, -1, 1).toArray();
            double slope = 0;
            for (int i = 0; i < centre.length; i++) {
                slope += gradient[i] * direction[i];
            }
            double up = at(weight, centre, direction, STEP, loss);
            double down = at(weight, centre, direction, -STEP, loss);
            weight.write(centre);
            assertEquals((up - down) / (2 * STEP), slope, 1e-5 * Math.abs(slope) + 1e-8, name);
            assertTrue(slope != 0, name);
        }
    }

    /** Gives {@code to} the weights of {@code from}. */
    static void copy(Replica from, Replica to) {
        for (int s = 0; s < from.weights().segments().size(); s++) {
            Tensor source = from.weights().segments().get(s); // (1, length)
            from.kernels().elementwise().copy(source, to.weights().segments().get(s));
        }
    }

    private static double at(Tensor weight, double[] centre, double[] direction, double step, DoubleSupplier loss) {
        double[] moved = centre.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += step * direction[i];
        }
        weight.write(moved);
        return loss.getAsDouble();
    }
}
