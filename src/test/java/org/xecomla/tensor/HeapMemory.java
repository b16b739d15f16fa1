package org.xecomla.tensor;

/**
 * Memory that has neither addresses nor ND4J arrays, as a device's is to the host: what passes over it knows a tensor
 * by its interface alone.
 */
final class HeapMemory implements Memory {
    @Override
    public Storage zeros(ElementType type, long length) {
        return new HeapStorage(type, new double[Math.toIntExact(length)]);
    }

    private record HeapStorage(ElementType type, double[] elements) implements Storage {
        @Override
        public long length() {
            return elements.length;
        }

        @Override
        public double get(long at) {
            return elements[(int) at];
        }

        @Override
        public void set(long at, double value) {
            elements[(int) at] = type == ElementType.FLOAT ? (float) value : value;
        }

        @Override
        public void read(Tensor view, double[] target, int start) {
            for (int i = 0; i < view.length(); i++) {
                target[start + i] = get(place(view, i));
            }
        }

        @Override
        public void read(Tensor view, float[] target, int start) {
            for (int i = 0; i < view.length(); i++) {
                target[start + i] = (float) get(place(view, i));
            }
        }

        @Override
        public void write(Tensor view, double[] source, int start) {
            for (int i = 0; i < view.length(); i++) {
                set(place(view, i), source[start + i]);
            }
        }

        @Override
        public void write(Tensor view, float[] source, int start) {
            for (int i = 0; i < view.length(); i++) {
                set(place(view, i), source[start + i]);
            }
        }

        private static long place(Tensor view, int i) {
            return view.offset() + (long) (i / view.cols()) * view.stride() + i % view.cols();
        }

        @Override
        public void close() {}
    }
}
