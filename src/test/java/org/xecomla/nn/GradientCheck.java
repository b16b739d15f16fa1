package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/** Analytic gradients against central differences, in double. */
public final class GradientCheck {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;
    private static final double FLOOR = 1e-4; // gradients below are compared absolutely, to TOLERANCE * FLOOR

    private GradientCheck() {}

    /** Every element of {@code values} is moved both ways; {@code loss} must depend on nothing else that moves. */
    public static void check(String what, Tensor values, Tensor gradient, DoubleSupplier loss) {
        double largest = 0;
        for (int r = 0; r < values.rows(); r++) {
            for (int c = 0; c < values.cols(); c++) {
                double numeric = slope(values, r, c, loss);
                double analytic = gradient.get(r, c);
                double error =
                        Math.abs(numeric - analytic) / Math.max(FLOOR, Math.max(Math.abs(numeric), Math.abs(analytic)));
                assertTrue(
                        error < TOLERANCE,
                        what + " [" + r + ", " + c + "]: gradient " + analytic + ", central difference " + numeric);
                largest = Math.max(largest, Math.abs(analytic));
            }
        }
        assertTrue(largest > FLOOR, what + ": all gradients are about zero, nothing was checked");
    }

    /** One random direction: two evaluations for the whole tensor, where an evaluation is dear. */
    static void checkDirection(String what, Tensor values, Tensor gradient, DoubleSupplier loss) {
        double[] centre = values.toDoubles();
        double[] slopes = gradient.toDoubles();
        double[] direction =
                new Random(centre.length).doubles(centre.length, -1, 1).toArray();
        double analytic = 0;
        for (int i = 0; i < slopes.length; i++) {
            analytic += slopes[i] * direction[i];
        }
        double numeric =
                (at(centre, direction, STEP, values, loss) - at(centre, direction, -STEP, values, loss)) / (2 * STEP);
        values.write(centre);
        assertTrue(Math.abs(analytic) > FLOOR, what + ": the slope is about zero, nothing was checked");
        assertTrue(
                Math.abs(numeric - analytic) < TOLERANCE * Math.abs(analytic),
                what + ": slope " + analytic + ", central difference " + numeric);
    }

    private static double at(double[] centre, double[] direction, double step, Tensor values, DoubleSupplier loss) {
        double[] moved = centre.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += step * direction[i];
        }
        values.write(moved);
        return loss.getAsDouble();
    }

    private static double slope(Tensor values, int row, int col, DoubleSupplier loss) {
        double value = values.get(row, col);
        values.set(row, col, value + STEP);
        double above = loss.getAsDouble();
        values.set(row, col, value - STEP);
        double below = loss.getAsDouble();
        values.set(row, col, value);
        return (above - below) / (2 * STEP);
    }

    /** All trained parameters of a store against their gradients. */
    static void checkAll(ParameterStore weights, ParameterStore gradients, DoubleSupplier loss) {
        for (ParameterLayout.Place place : weights.layout().places().values()) {
            String name = place.spec().name();
            if (place.spec().trainable()) {
                check(name, weights.get(name), gradients.get(name), loss);
            }
        }
    }

    static Tensor random(Random random, int rows, int cols) {
        return Tensors.of(
                ElementType.DOUBLE,
                rows,
                cols,
                random.doubles((long) rows * cols, -1, 1).toArray());
    }

    /** Matrices uniform within 0.6 of 0, gains within 0.3 of 1. */
    static void fill(ParameterStore weights, Random random) {
        for (ParameterLayout.Place place : weights.layout().places().values()) {
            Tensor view = weights.get(place.spec().name());
            double centre = place.spec().name().contains("norm") ? 1 : 0;
            double spread = centre == 1 ? 0.3 : 0.6;
            view.write(random.doubles(view.length(), centre - spread, centre + spread)
                    .toArray());
        }
    }

    /** Sum of the products of all elements. */
    static double dot(Tensor a, Tensor b) {
        double[] x = a.toDoubles();
        double[] y = b.toDoubles();
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }
}
