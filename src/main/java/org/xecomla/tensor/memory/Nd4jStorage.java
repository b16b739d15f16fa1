package org.xecomla.tensor.memory;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Storage;
import org.xecomla.tensor.Tensor;

/** An allocation of ND4J's, on whatever device its back end has: all that is done with it goes through ND4J. */
class Nd4jStorage implements Storage {
    private final INDArray array; // (length)
    private final ElementType type;
    private final long length;

    Nd4jStorage(INDArray array, ElementType type, long length) {
        this.array = array;
        this.type = type;
        this.length = length;
        array.setCloseable(true);
    }

    @Override
    public final ElementType type() {
        return type;
    }

    @Override
    public final long length() {
        return length;
    }

    /** All elements: (length). */
    final INDArray array() {
        return array;
    }

    @Override
    public double get(long at) {
        return array.getDouble(at);
    }

    @Override
    public void set(long at, double value) {
        array.putScalar(at, value);
    }

    @Override
    public void read(Tensor view, double[] target, int start) {
        if (view.length() > 0) {
            double[] values = NdArrays.of(view).dup('c').data().asDouble();
            System.arraycopy(values, 0, target, start, values.length);
        }
    }

    @Override
    public void read(Tensor view, float[] target, int start) {
        double[] values = new double[Math.toIntExact(view.length())];
        read(view, values, 0);
        for (int i = 0; i < values.length; i++) {
            target[start + i] = (float) values[i];
        }
    }

    @Override
    public void write(Tensor view, double[] source, int start) {
        if (view.length() > 0) {
            double[] values = new double[Math.toIntExact(view.length())];
            System.arraycopy(source, start, values, 0, values.length);
            NdArrays.of(view)
                    .assign(Nd4j.createFromArray(values)
                            .reshape(view.rows(), view.cols())
                            .castTo(NdArrays.type(type))); // (rows, cols)
        }
    }

    @Override
    public void write(Tensor view, float[] source, int start) {
        double[] values = new double[Math.toIntExact(view.length())];
        for (int i = 0; i < values.length; i++) {
            values[i] = source[start + i];
        }
        write(view, values, 0);
    }

    @Override
    public void close() {
        if (!array.wasClosed()) {
            array.close();
        }
    }
}
