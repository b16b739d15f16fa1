package org.xecomla.upcycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.xecomla.config.RankConfig.Shrinkage;
import org.xecomla.config.UpcycleConfig.SingularValues;
import org.xecomla.linalg.Matrix;
import org.xecomla.upcycle.base.LowRank;
import org.xecomla.upcycle.base.RankPolicy;
import org.xecomla.upcycle.lowrank.GradientBasis;
import org.xecomla.upcycle.lowrank.InputRoot;

class GradientBasisTest {
    private static final int N = 9;
    private static final int RANK = 4;

    private final Random random = new Random(3);
    private final Matrix moment = moment(40); // S (N, N)
    private final Matrix gradients = moment(30); // G (N, N)
    private final Matrix damped = gradients.plus(Matrix.identity(N).scale(0.01 * gradients.trace() / N)); // (N, N)

    private Matrix gaussian(int rows, int cols) {
        return Matrix.build(rows, cols, (r, c) -> random.nextGaussian() * (1 + c));
    }

    private Matrix moment(int numVectors) {
        Matrix x = gaussian(numVectors, N); // (n, N)
        return x.transposeTimes(x).scale(1.0 / numVectors);
    }

    /** E[(y - P y)^T G (y - P y)]. */
    private double lost(Matrix product) {
        Matrix rest = Matrix.identity(N).minus(product); // (N, N)
        return damped.times(rest).times(moment).timesTranspose(rest).trace();
    }

    @Test
    void whatIsLostAreTheEnergiesThatAreLeftOut() {
        GradientBasis basis = GradientBasis.of(moment, gradients);
        double tail = Arrays.stream(basis.energies(), RANK, N).sum();
        double all = Arrays.stream(basis.energies()).sum();
        assertEquals(tail, lost(basis.up(RANK).times(basis.down(RANK))), 1e-9 * all);
        assertEquals(1 - tail / all, basis.kept(RANK), 1e-12);
        assertEquals(
                0, basis.up(N).times(basis.down(N)).minus(Matrix.identity(N)).frobeniusNorm(), 1e-9);
    }

    @Test
    void noOtherProjectionOfThatRankLosesLess() {
        GradientBasis basis = GradientBasis.of(moment, gradients);
        double least = lost(basis.up(RANK).times(basis.down(RANK)));
        for (int i = 0; i < 200; i++) {
            double step = Math.pow(10, -i % 4);
            Matrix up = basis.up(RANK).plus(gaussian(N, RANK).scale(step)); // (N, R)
            Matrix down = basis.down(RANK).plus(gaussian(RANK, N).scale(step)); // (R, N)
            assertTrue(lost(up.times(down)) > least);
        }
    }

    /** Else gradients' own size would be in the weights, and the first steps of Adam would ruin them. */
    @Test
    void columnsAreOfLengthOneWhateverTheSizeOfTheGradients() {
        GradientBasis large = GradientBasis.of(moment, gradients);
        GradientBasis small = GradientBasis.of(moment, gradients.scale(1e-10));
        for (int i = 0; i < N; i++) {
            assertEquals(1, large.decode().cols(i, i + 1).frobeniusNorm(), 1e-12);
            assertEquals(
                    large.encode().rows(i, i + 1).frobeniusNorm(),
                    small.encode().rows(i, i + 1).frobeniusNorm(),
                    1e-6);
        }
    }

    /** With gradients of one size everywhere it is CARE without damping. */
    @Test
    void equalGradientsWeighInputsOnly() {
        Matrix weight = gaussian(N, 20); // (N, D)
        Matrix x = Matrix.build(60, 20, (r, c) -> random.nextGaussian()); // (n, D)
        Matrix inputs = x.transposeTimes(x).scale(1.0 / 60); // (D, D)
        GradientBasis basis = GradientBasis.of(weight.times(inputs).timesTranspose(weight), Matrix.identity(N));
        InputRoot root = InputRoot.of(inputs, Shrinkage.NONE);
        LowRank care =
                LowRank.weighted(weight, root.root(), root.inverse(), new RankPolicy.Fixed(RANK), SingularValues.DOWN);
        Matrix made = basis.up(RANK).times(basis.down(RANK)).times(weight); // (N, D)
        assertEquals(0, made.minus(care.up().times(care.down())).frobeniusNorm() / made.frobeniusNorm(), 1e-9);
    }

    @Test
    void aLayerThatTheLossDoesNotMindIsCutByItsOutputs() {
        GradientBasis basis = GradientBasis.of(moment, Matrix.zeros(N, N));
        assertTrue(basis.up(RANK).isFinite() && basis.down(RANK).isFinite());
        assertEquals(
                0, basis.up(N).times(basis.down(N)).minus(Matrix.identity(N)).frobeniusNorm(), 1e-9);
    }
}
