package org.xecomla.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MatrixTest {
    static Matrix random(Random random, int rows, int cols) {
        return Matrix.build(rows, cols, (r, c) -> random.nextGaussian());
    }

    /** ||a - b|| / max(||b||, 1). */
    static double difference(Matrix a, Matrix b) {
        return a.minus(b).frobeniusNorm() / Math.max(b.frobeniusNorm(), 1);
    }

    private static Matrix naive(Matrix a, Matrix b) {
        return Matrix.build(a.rows(), b.cols(), (r, c) -> {
            double sum = 0;
            for (int k = 0; k < a.cols(); k++) {
                sum += a.get(r, k) * b.get(k, c);
            }
            return sum;
        });
    }

    @Test
    void productsAgreeWithPlainLoops() {
        Random random = new Random(1);
        for (int[] shape : new int[][] {{1, 1, 1}, {3, 7, 5}, {17, 1, 4}, {1, 9, 13}, {31, 33, 29}}) {
            Matrix a = random(random, shape[0], shape[1]);
            Matrix b = random(random, shape[1], shape[2]);
            Matrix expected = naive(a, b);
            assertEquals(0, difference(a.times(b), expected), 1e-14);
            assertEquals(0, difference(a.transpose().transposeTimes(b), expected), 1e-14);
            assertEquals(0, difference(a.timesTranspose(b.transpose()), expected), 1e-14);
        }
    }

    @Test
    void emptyProductsAreZeroOrEmpty() {
        assertEquals(0, Matrix.zeros(2, 0).times(Matrix.zeros(0, 3)).frobeniusNorm());
        assertEquals(3, Matrix.zeros(0, 2).times(Matrix.zeros(2, 3)).cols());
    }

    @Test
    void partsKeepTheirOrder() {
        Matrix a = Matrix.of(3, 2, 1, 2, 3, 4, 5, 6);
        assertArrayEquals(new double[] {3, 4, 5, 6}, a.rows(1, 3).toDoubles());
        assertArrayEquals(new double[] {2, 4, 6}, a.cols(1, 2).toDoubles());
        assertArrayEquals(new double[] {5, 6, 1, 2, 5, 6}, a.selectRows(2, 0, 2).toDoubles());
        assertArrayEquals(new double[] {1, 3, 5, 2, 4, 6}, a.transpose().toDoubles());
        assertArrayEquals(
                new double[] {5, 6, 3, 4},
                Matrix.stack(a.rows(2, 3), a.rows(1, 2)).toDoubles());
        assertArrayEquals(
                new double[] {3, 4, 5, 6},
                Matrix.ofFloats(2, 2, new float[] {1, 3, 4, 5, 6}, 1).toDoubles());
    }

    @Test
    void rowsAndColumnsAreScaledApart() {
        Matrix a = Matrix.of(2, 2, 1, 2, 3, 4);
        assertArrayEquals(new double[] {10, 20, 300, 400}, a.scaleRows(10, 100).toDoubles());
        assertArrayEquals(new double[] {10, 200, 30, 400}, a.scaleCols(10, 100).toDoubles());
        assertEquals(5, a.trace());
        assertEquals(30, a.sumOfSquares());
    }

    @Test
    void quadraticFormsAreTheDiagonalOfASAt() {
        Random random = new Random(2);
        Matrix a = random(random, 5, 7);
        Matrix s = random(random, 7, 7);
        Matrix full = a.times(s).timesTranspose(a); // (5, 5)
        double[] forms = a.quadraticForms(s);
        for (int i = 0; i < 5; i++) {
            assertEquals(full.get(i, i), forms[i], 1e-12);
        }
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        Matrix a = Matrix.zeros(2, 3);
        assertThrows(IllegalArgumentException.class, () -> a.times(a));
        assertThrows(IllegalArgumentException.class, () -> a.plus(a.transpose()));
        assertThrows(IllegalArgumentException.class, () -> Matrix.of(2, 2, 1, 2, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> a.get(0, 3));
    }

    @Test
    void crossesASerialisationBoundary() throws IOException, ClassNotFoundException {
        Matrix a = random(new Random(3), 4, 3);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(a);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            assertArrayEquals(a.toDoubles(), ((Matrix) in.readObject()).toDoubles());
        }
    }
}
