package org.xecomla.tensor;

/**
 * Every operation as the plain loop of its definition, in double on the heap: the oracle of the kernel tests. Results
 * are rounded once, when they are written back. Their memory is the heap: models that run on them take tensors by the
 * interface alone.
 */
public final class NaiveKernels
        implements Kernels,
                Elementwise,
                Gemm,
                Bias,
                Norm,
                Rope,
                HeadCopy,
                HeadScale,
                Attention,
                SwiGlu,
                Embedding,
                Head,
                AdamW {
    private final ElementType type;
    private final Memory memory = new HeapMemory();

    public NaiveKernels(ElementType type) {
        this.type = type;
    }

    @Override
    public ElementType type() {
        return type;
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public Elementwise elementwise() {
        return this;
    }

    @Override
    public Gemm gemm() {
        return this;
    }

    @Override
    public Bias bias() {
        return this;
    }

    @Override
    public Norm norm() {
        return this;
    }

    @Override
    public Rope rope() {
        return this;
    }

    @Override
    public HeadCopy headCopy() {
        return this;
    }

    @Override
    public HeadScale headScale() {
        return this;
    }

    @Override
    public Attention attention() {
        return this;
    }

    @Override
    public SwiGlu swiGlu() {
        return this;
    }

    @Override
    public Embedding embedding() {
        return this;
    }

    @Override
    public Head head() {
        return this;
    }

    @Override
    public AdamW adamW() {
        return this;
    }

    /** Elements of a tensor copied to the heap, row-major, to be written back as a whole. */
    private record Grid(double[] values, int cols) {
        static Grid of(Tensor t) {
            return new Grid(t.toDoubles(), t.cols());
        }

        double at(int row, int col) {
            return values[row * cols + col];
        }

        void set(int row, int col, double value) {
            values[row * cols + col] = value;
        }

        void add(int row, int col, double value) {
            values[row * cols + col] += value;
        }
    }

    /** The same through a {@link HeadView}. */
    private record Heads(Grid grid, HeadView view) {
        static Heads of(HeadView view) {
            return new Heads(Grid.of(view.tensor()), view);
        }

        double at(int row, int head, int col) {
            return grid.at(row, head * view.headStride() + view.offset() + col);
        }

        void set(int row, int head, int col, double value) {
            grid.set(row, head * view.headStride() + view.offset() + col, value);
        }

        void add(int row, int head, int col, double value) {
            grid.add(row, head * view.headStride() + view.offset() + col, value);
        }

        void clear() {
            for (int r = 0; r < view.tensor().rows(); r++) {
                for (int h = 0; h < view.numHeads(); h++) {
                    for (int c = 0; c < view.width(); c++) {
                        set(r, h, c, 0);
                    }
                }
            }
        }

        void write() {
            view.tensor().write(grid.values);
        }
    }

    @Override
    public void multiply(
            boolean transposeA, boolean transposeB, double alpha, Tensor a, Tensor b, double beta, Tensor c) {
        Grid ga = Grid.of(a);
        Grid gb = Grid.of(b);
        Grid gc = Grid.of(c);
        int inner = transposeA ? a.rows() : a.cols();
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j < c.cols(); j++) {
                double sum = 0;
                for (int l = 0; l < inner; l++) {
                    sum += (transposeA ? ga.at(l, i) : ga.at(i, l)) * (transposeB ? gb.at(j, l) : gb.at(l, j));
                }
                gc.set(i, j, alpha * sum + (beta == 0 ? 0 : beta * gc.at(i, j)));
            }
        }
        c.write(gc.values);
    }

    @Override
    public void axpy(double alpha, Tensor x, Tensor y) {
        double[] from = x.toDoubles();
        double[] to = y.toDoubles();
        for (int i = 0; i < to.length; i++) {
            to[i] += alpha * from[i];
        }
        y.write(to);
    }

    @Override
    public void scale(double alpha, Tensor x) {
        double[] values = x.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] *= alpha;
        }
        x.write(values);
    }

    @Override
    public void scaleRows(double[] factors, Tensor x) {
        Grid g = Grid.of(x);
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                g.set(r, c, g.at(r, c) * factors[r]);
            }
        }
        x.write(g.values);
    }

    @Override
    public void fill(Tensor x, double value) {
        double[] values = new double[Math.toIntExact(x.length())];
        java.util.Arrays.fill(values, value);
        x.write(values);
    }

    @Override
    public void copy(Tensor x, Tensor y) {
        y.write(x.toDoubles());
    }

    @Override
    public double sumOfSquares(Tensor x) {
        double sum = 0;
        for (double value : x.toDoubles()) {
            sum += value * value;
        }
        return sum;
    }

    @Override
    public void forward(Tensor x, Tensor gain, double epsilon, Tensor y, Tensor inverseRms) {
        Grid gx = Grid.of(x);
        Grid gy = Grid.of(y);
        double[] g = gain.toDoubles();
        double[] inverse = new double[x.rows()];
        for (int r = 0; r < x.rows(); r++) {
            double sum = 0;
            for (int c = 0; c < x.cols(); c++) {
                sum += gx.at(r, c) * gx.at(r, c);
            }
            inverse[r] = 1 / Math.sqrt(sum / x.cols() + epsilon);
            for (int c = 0; c < x.cols(); c++) {
                gy.set(r, c, gx.at(r, c) * inverse[r] * g[c]);
            }
        }
        y.write(gy.values);
        inverseRms.write(inverse);
    }

    @Override
    public void backward(Tensor dY, Tensor x, Tensor gain, Tensor inverseRms, Tensor dX, Tensor dGain) {
        Grid gdy = Grid.of(dY);
        Grid gx = Grid.of(x);
        Grid gdx = Grid.of(dX);
        double[] g = gain.toDoubles();
        double[] inverse = inverseRms.toDoubles();
        double[] gradientOfGain = new double[x.cols()];
        for (int r = 0; r < x.rows(); r++) {
            double dot = 0;
            for (int c = 0; c < x.cols(); c++) {
                dot += gdy.at(r, c) * g[c] * gx.at(r, c);
                gradientOfGain[c] += gdy.at(r, c) * gx.at(r, c) * inverse[r];
            }
            for (int c = 0; c < x.cols(); c++) {
                double straight = gdy.at(r, c) * g[c] * inverse[r];
                double throughRms = gx.at(r, c) * dot * inverse[r] * inverse[r] * inverse[r] / x.cols();
                gdx.add(r, c, straight - throughRms);
            }
        }
        dX.write(gdx.values);
        if (dGain != null) {
            Grid gdg = Grid.of(dGain);
            for (int c = 0; c < x.cols(); c++) {
                gdg.add(0, c, gradientOfGain[c]);
            }
            dGain.write(gdg.values);
        }
    }

    @Override
    public void forward(HeadView x, Tensor cos, Tensor sin, Indices positions) {
        rotate(x, cos, sin, positions, false);
    }

    @Override
    public void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions) {
        rotate(dX, cos, sin, positions, true);
    }

    private static void rotate(HeadView x, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
        Heads heads = Heads.of(x);
        Grid gc = Grid.of(cos);
        Grid gs = Grid.of(sin);
        int half = x.width() / 2;
        for (int n = 0; n < x.tensor().rows(); n++) {
            int position = positions.get(n);
            for (int h = 0; h < (x.headStride() == 0 ? 1 : x.numHeads()); h++) {
                for (int j = 0; j < half; j++) {
                    double c = gc.at(position, j);
                    double s = inverse ? -gs.at(position, j) : gs.at(position, j);
                    double first = heads.at(n, h, j);
                    double second = heads.at(n, h, j + half);
                    heads.set(n, h, j, first * c - second * s);
                    heads.set(n, h, j + half, second * c + first * s);
                }
            }
        }
        heads.write();
    }

    /** Runs over rows, heads and columns of {@code x}, telling the head's group of {@code numGroups} too. */
    private static void eachElement(HeadView x, int numGroups, Element element) {
        for (int n = 0; n < x.tensor().rows(); n++) {
            for (int h = 0; h < x.numHeads(); h++) {
                for (int c = 0; c < x.width(); c++) {
                    element.at(n, h, c, h * numGroups / x.numHeads());
                }
            }
        }
    }

    private interface Element {
        void at(int row, int head, int col, int group);
    }

    @Override
    public void inverseRms(HeadView x, double epsilon, Tensor s) {
        Heads gx = Heads.of(x);
        double[] sums = new double[s.rows() * s.cols()];
        double count = (double) x.numHeads() / s.cols() * x.width();
        eachElement(x, s.cols(), (n, h, c, g) -> sums[n * s.cols() + g] += gx.at(n, h, c) * gx.at(n, h, c) / count);
        for (int i = 0; i < sums.length; i++) {
            sums[i] = 1 / Math.sqrt(sums[i] + epsilon);
        }
        s.write(sums);
    }

    @Override
    public void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX) {
        Heads gx = Heads.of(x);
        Heads gdX = Heads.of(dX);
        Grid gs = Grid.of(s);
        Grid gdS = Grid.of(dS);
        double count = (double) x.numHeads() / s.cols() * x.width();
        eachElement(
                x,
                s.cols(),
                (n, h, c, g) -> gdX.add(n, h, c, -gdS.at(n, g) * Math.pow(gs.at(n, g), 3) * gx.at(n, h, c) / count));
        gdX.write();
    }

    @Override
    public void scale(HeadView x, Tensor s) {
        Heads gx = Heads.of(x);
        Grid gs = Grid.of(s);
        eachElement(x, s.cols(), (n, h, c, g) -> gx.set(n, h, c, gx.at(n, h, c) * gs.at(n, g)));
        gx.write();
    }

    @Override
    public void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS) {
        Heads gdY = Heads.of(dY);
        Heads gy = Heads.of(y);
        Grid gs = Grid.of(s);
        double[] sums = new double[s.rows() * s.cols()];
        eachElement(y, s.cols(), (n, h, c, g) -> {
            sums[n * s.cols() + g] += gdY.at(n, h, c) * gy.at(n, h, c) / gs.at(n, g);
            gdY.set(n, h, c, gdY.at(n, h, c) * gs.at(n, g));
        });
        dS.write(sums);
        gdY.write();
    }

    @Override
    public void scaleScores(Tensor scores, Tensor s) {
        Grid gScores = Grid.of(scores);
        Grid gs = Grid.of(s);
        for (int h = 0; h < scores.rows(); h++) {
            for (int n = 0; n < scores.cols(); n++) {
                gScores.set(h, n, gScores.at(h, n) * gs.at(n, h * s.cols() / scores.rows()));
            }
        }
        scores.write(gScores.values);
    }

    @Override
    public void copy(HeadView source, HeadView target) {
        Heads from = Heads.of(source);
        Heads to = Heads.of(target);
        to.clear();
        add(from, to, target);
    }

    @Override
    public void add(HeadView source, HeadView target) {
        add(Heads.of(source), Heads.of(target), source);
    }

    private static void add(Heads from, Heads to, HeadView heads) {
        for (int n = 0; n < heads.tensor().rows(); n++) {
            for (int h = 0; h < heads.numHeads(); h++) {
                for (int c = 0; c < heads.width(); c++) {
                    to.add(n, h, c, from.at(n, h, c));
                }
            }
        }
        to.write();
    }

    @Override
    public void forward(
            HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale) {
        Heads hq = Heads.of(q);
        Heads hk = Heads.of(k);
        Heads hv = Heads.of(v);
        Heads ho = Heads.of(out);
        ho.clear();
        Grid lse = logSumExp == null ? null : Grid.of(logSumExp);
        int group = q.numHeads() / k.numHeads();
        for (int b = 0; b < sequences.numSequences(); b++) {
            for (int i = 0; i < sequences.queryLength(); i++) {
                int row = b * sequences.queryLength() + i;
                for (int h = 0; h < q.numHeads(); h++) {
                    double[] scores = scores(hq, hk, sequences, scale, b, i, h, h / group);
                    double logSum = logSumExp(scores);
                    for (int j = 0; j < scores.length; j++) {
                        double p = Math.exp(scores[j] - logSum);
                        for (int c = 0; c < v.width(); c++) {
                            ho.add(row, h, c, p * hv.at(b * sequences.keyLength() + j, h / group, c));
                        }
                    }
                    if (lse != null) {
                        lse.set(row, h, logSum);
                    }
                }
            }
        }
        ho.write();
        if (lse != null) {
            logSumExp.write(lse.values);
        }
    }

    /** Scaled scores of query i of sequence b and the keys up to its own; those of other documents are never. */
    private static double[] scores(
            Heads q, Heads k, Sequences sequences, double scale, int b, int i, int head, int keyHead) {
        double[] scores = new double[sequences.keyLength() - sequences.queryLength() + i + 1];
        for (int j = 0; j < scores.length; j++) {
            if (j < sequences.firstKey(b, i)) {
                scores[j] = Double.NEGATIVE_INFINITY;
                continue;
            }
            for (int c = 0; c < q.view.width(); c++) {
                scores[j] += q.at(b * sequences.queryLength() + i, head, c)
                        * k.at(b * sequences.keyLength() + j, keyHead, c);
            }
            scores[j] *= scale;
        }
        return scores;
    }

    private static double logSumExp(double[] x) {
        double max = java.util.Arrays.stream(x).max().orElseThrow();
        double sum = 0;
        for (double value : x) {
            sum += Math.exp(value - max);
        }
        return max + Math.log(sum);
    }

    @Override
    public void backward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            Sequences sequences,
            double scale,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        Heads hdo = Heads.of(dOut);
        Heads hq = Heads.of(q);
        Heads hk = Heads.of(k);
        Heads hv = Heads.of(v);
        Heads ho = Heads.of(out);
        Heads hdq = Heads.of(dQ);
        Heads hdk = Heads.of(dK);
        Heads hdv = Heads.of(dV);
        hdq.clear();
        hdk.clear();
        hdv.clear();
        Grid lse = Grid.of(logSumExp);
        int group = q.numHeads() / k.numHeads();
        for (int b = 0; b < sequences.numSequences(); b++) {
            for (int i = 0; i < sequences.queryLength(); i++) {
                int row = b * sequences.queryLength() + i;
                for (int h = 0; h < q.numHeads(); h++) {
                    double[] scores = scores(hq, hk, sequences, scale, b, i, h, h / group);
                    double dotOfOut = 0;
                    for (int c = 0; c < v.width(); c++) {
                        dotOfOut += hdo.at(row, h, c) * ho.at(row, h, c);
                    }
                    for (int j = 0; j < scores.length; j++) {
                        int keyRow = b * sequences.keyLength() + j;
                        double p = Math.exp(scores[j] - lse.at(row, h));
                        double dP = 0;
                        for (int c = 0; c < v.width(); c++) {
                            dP += hdo.at(row, h, c) * hv.at(keyRow, h / group, c);
                            hdv.add(keyRow, h / group, c, p * hdo.at(row, h, c));
                        }
                        double dScore = p * (dP - dotOfOut) * scale;
                        for (int c = 0; c < q.width(); c++) {
                            hdq.add(row, h, c, dScore * hk.at(keyRow, h / group, c));
                            hdk.add(keyRow, h / group, c, dScore * hq.at(row, h, c));
                        }
                    }
                }
            }
        }
        hdq.write();
        hdk.write();
        hdv.write();
    }

    @Override
    public void forward(Tensor gate, Tensor up, Tensor out) {
        double[] g = gate.toDoubles();
        double[] u = up.toDoubles();
        double[] o = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            o[i] = g[i] / (1 + Math.exp(-g[i])) * u[i];
        }
        out.write(o);
    }

    @Override
    public void backward(Tensor dOut, Tensor gate, Tensor up, Tensor dGate, Tensor dUp) {
        double[] o = dOut.toDoubles();
        double[] g = gate.toDoubles();
        double[] u = up.toDoubles();
        for (int i = 0; i < g.length; i++) {
            double sigmoid = 1 / (1 + Math.exp(-g[i]));
            double silu = g[i] * sigmoid;
            double slope = sigmoid + silu * (1 - sigmoid);
            g[i] = o[i] * u[i] * slope;
            u[i] = o[i] * silu;
        }
        dGate.write(g);
        dUp.write(u);
    }

    @Override
    public void gather(Tensor table, Indices ids, Tensor out) {
        for (int n = 0; n < ids.length(); n++) {
            out.rows(n, n + 1).write(table.rows(ids.get(n), ids.get(n) + 1).toDoubles());
        }
    }

    @Override
    public void scatterAdd(Tensor dOut, Indices ids, Tensor dTable) {
        Grid to = Grid.of(dTable);
        Grid from = Grid.of(dOut);
        for (int n = 0; n < ids.length(); n++) {
            for (int c = 0; c < dOut.cols(); c++) {
                to.add(ids.get(n), c, from.at(n, c));
            }
        }
        dTable.write(to.values);
    }

    @Override
    public void forward(Tensor bias, Tensor y) {
        Grid added = Grid.of(bias);
        Grid to = Grid.of(y);
        for (int n = 0; n < y.rows(); n++) {
            for (int c = 0; c < y.cols(); c++) {
                to.add(n, c, added.at(0, c));
            }
        }
        y.write(to.values);
    }

    @Override
    public void backward(Tensor dY, Tensor dBias) {
        Grid from = Grid.of(dY);
        Grid to = Grid.of(dBias);
        for (int n = 0; n < dY.rows(); n++) {
            for (int c = 0; c < dY.cols(); c++) {
                to.add(0, c, from.at(n, c));
            }
        }
        dBias.write(to.values);
    }

    @Override
    public void softmax(Tensor x, double beta, double[] logSumExp) {
        for (int r = 0; r < x.rows(); r++) {
            double[] row = x.rows(r, r + 1).toDoubles();
            for (int c = 0; c < row.length; c++) {
                row[c] *= beta;
            }
            logSumExp[r] = logSumExp(row);
            for (int c = 0; c < row.length; c++) {
                row[c] = Math.exp(row[c] - logSumExp[r]);
            }
            x.rows(r, r + 1).write(row);
        }
    }

    @Override
    public void gather(Tensor x, int[] ids, double[] values) {
        int k = ids.length / x.rows();
        for (int i = 0; i < ids.length; i++) {
            values[i] = ids[i] < 0 ? 0 : x.get(i / k, ids[i]);
        }
    }

    @Override
    public void scatterAdd(double[] values, int[] ids, Tensor x) {
        int k = ids.length / x.rows();
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] >= 0) {
                x.set(i / k, ids[i], x.get(i / k, ids[i]) + values[i]);
            }
        }
    }

    @Override
    public void step(AdamWStep step, Tensor weights, Tensor gradients, Tensor moments1, Tensor moments2) {
        double[] w = weights.toDoubles();
        double[] g = gradients.toDoubles();
        double[] m = moments1.toDoubles();
        double[] v = moments2.toDoubles();
        double correction1 = 1 - Math.pow(step.beta1(), step.step());
        double correction2 = 1 - Math.pow(step.beta2(), step.step());
        for (int i = 0; i < w.length; i++) {
            double gradient = step.gradientScale() * g[i];
            m[i] = step.beta1() * m[i] + (1 - step.beta1()) * gradient;
            v[i] = step.beta2() * v[i] + (1 - step.beta2()) * gradient * gradient;
            w[i] *= 1 - step.learningRate() * step.weightDecay();
            w[i] -= step.learningRate() / correction1 * m[i] / (Math.sqrt(v[i] / correction2) + step.epsilon());
        }
        weights.write(w);
        moments1.write(m);
        moments2.write(v);
    }

    @Override
    public void close() {}
}
