package org.xecomla.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.AttentionConfig.Biases;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.RopeFrequencies;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.NaiveKernels;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.Tensors;

/**
 * Central differences of every layer in double, for inputs and weights, over odd and unequal dimensions: element by
 * element over the naive kernels, along one direction a tensor over ND4J's.
 */
class LayerGradientTest {
    private static final int B = 2;
    private static final int T = 3;
    private static final int D = 7;
    private static final int F = 9;
    private static final RopeScaling YARN = new RopeScaling.Yarn(8, 16, 4, 1, 1, 0);

    static List<KernelChoice> kernels() {
        return KernelChoice.inDouble();
    }

    static List<AttentionConfig> attentions() {
        return List.of(
                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE),
                new AttentionConfig.Gqa(3, 3, 4, new RopeScaling.Llama3(8, 1, 4, 16)),
                new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, Biases.INPUTS),
                normed(AttentionConfig.NormScope.HEAD),
                normed(AttentionConfig.NormScope.TOKEN),
                new AttentionConfig.LowRankGqa(new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE), 2, 3),
                new AttentionConfig.LowRankGqa(new AttentionConfig.Gqa(3, 3, 4, YARN, Biases.INPUTS), 2, 7),
                new AttentionConfig.LowRankGqa(normed(AttentionConfig.NormScope.TOKEN), 3, 2),
                new AttentionConfig.Mla(3, 0, 5, 3, 4, 2, false, true, RopeScaling.NONE, 0.37, Biases.ALL, null),
                scaled(0, AttentionConfig.NormScope.HEAD, Biases.NONE),
                scaled(5, AttentionConfig.NormScope.TOKEN, Biases.INPUTS),
                new AttentionConfig.Mla(3, 5, 6, 2, 4, 5, true, false, YARN, 0.4, Biases.INPUTS, null),
                new AttentionConfig.Mla(3, 0, 5, 3, 4, 2, false, false, RopeScaling.NONE, 0.37),
                new AttentionConfig.Mla(3, 5, 6, 2, 4, 5, false, false, YARN, 0.4),
                new AttentionConfig.Mla(2, 0, 5, 3, 2, 4, false, true, new RopeScaling.Linear(2), 0.4),
                new AttentionConfig.Mla(
                        2, 5, 3, 0, 6, 3, true, true, new RopeScaling.Explicit(List.of(1., .3, .1)), 0.4));
    }

    private static AttentionConfig scaled(int queryRank, AttentionConfig.NormScope scope, Biases biases) {
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(scope, 0.01);
        return new AttentionConfig.Mla(
                4, queryRank, 5, 3, 4, 2, false, false, YARN, 0.4, biases, new AttentionConfig.KeyScales(2, norm));
    }

    private static AttentionConfig.Gqa normed(AttentionConfig.NormScope scope) {
        AttentionConfig.HeadNorm norm = new AttentionConfig.HeadNorm(scope, 0.01);
        return new AttentionConfig.Gqa(4, 2, 6, RopeScaling.NONE, Biases.ALL, norm);
    }

    static Stream<Arguments> kernelsAndAttentions() {
        return kernels().stream().flatMap(k -> attentions().stream().map(a -> Arguments.of(k, a)));
    }

    /** One layer's parameters, its input and the weights of its outputs in the loss. */
    private static final class Bench {
        final Random random = new Random(5);
        final ModelConfig model;
        final Arena arena;
        final ParameterStore weights;
        final ParameterStore gradients;
        final Parameters parameters;
        final Tensor x = GradientCheck.random(random, B * T, D); // (B*T, D)
        final Tensor residual = GradientCheck.random(random, B * T, D); // (B*T, D)
        final Tensor dY = GradientCheck.random(random, B * T, D); // (B*T, D)
        final RopeTable rope;
        final Kernels kernels;

        Bench(KernelChoice choice, AttentionConfig attention) {
            boolean mlpBias = attention.biases() == Biases.ALL;
            this.model = new ModelConfig(D, F, 5, 16, 0.01, 10000, true, mlpBias, -1, List.of(), List.of(attention));
            ParameterLayout layout = CausalLm.layout(model, name -> true);
            this.weights = Tensors.zeros(layout, ElementType.DOUBLE);
            this.gradients = Tensors.zerosOfTrainable(layout, ElementType.DOUBLE);
            GradientCheck.fill(weights, random);
            this.kernels = choice.make();
            this.arena = Arena.of(kernels, 1 << 19);
            this.parameters = new Parameters(weights, gradients, kernels);
            this.rope = RopeTable.of(
                    RopeFrequencies.of(attention.ropeDim(), 10000, attention.ropeScaling()),
                    T,
                    kernels.memory(),
                    ElementType.DOUBLE);
        }

        /** A fresh copy of the residual, which layers add to. */
        Tensor stream() {
            Tensor y = arena.matrix(B * T, D); // (B*T, D)
            kernels.elementwise().copy(residual, y);
            return y;
        }

        /** Loss dY . y of whatever {@code layer} adds to y. */
        DoubleSupplier loss(java.util.function.Consumer<Tensor> layer) {
            return () -> {
                long mark = arena.mark();
                Tensor y = stream(); // (B*T, D)
                layer.accept(y);
                arena.release(mark);
                return GradientCheck.dot(y, dY);
            };
        }

        void check(String what, Tensor values, Tensor gradient, DoubleSupplier loss) {
            if (kernels instanceof NaiveKernels) {
                GradientCheck.check(what, values, gradient, loss);
            } else {
                GradientCheck.checkDirection(what, values, gradient, loss);
            }
        }

        void checkParameters(String prefix, DoubleSupplier loss) {
            for (String name : weights.layout().places().keySet()) {
                if (name.startsWith(prefix)) {
                    check(name, weights.get(name), gradients.get(name), loss);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void linear(KernelChoice choice) {
        Bench bench = new Bench(choice, attentions().get(0));
        Linear linear = bench.parameters.linear(ParameterNames.layer(0) + "mlp.up_proj.weight"); // (F, D)
        Tensor dOut = GradientCheck.random(bench.random, B * T, F); // (B*T, F)
        DoubleSupplier loss = () -> {
            long mark = bench.arena.mark();
            double sum = GradientCheck.dot(linear.forward(bench.x, bench.arena), dOut);
            bench.arena.release(mark);
            return sum;
        };
        Tensor dX = bench.arena.matrix(B * T, D); // (B*T, D)
        bench.kernels.elementwise().fill(dX, Double.NaN);
        linear.backward(dOut, bench.x, dX);
        bench.check("x", bench.x, dX, loss);
        bench.check("weight", linear.weight(), linear.dWeight(), loss);
        linear.backwardAdding(dOut, bench.x, dX);
        bench.kernels.elementwise().scale(0.5, dX);
        bench.check("x, added twice", bench.x, dX, loss);
        bench.kernels.elementwise().scale(0.5, linear.dWeight());
        bench.check("weight, added twice", linear.weight(), linear.dWeight(), loss);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void rmsNorm(KernelChoice choice) {
        Bench bench = new Bench(choice, attentions().get(0));
        RmsNorm norm = bench.parameters.norm(ParameterNames.FINAL_NORM, 0.01);
        DoubleSupplier loss = () -> {
            long mark = bench.arena.mark();
            double sum = GradientCheck.dot(norm.forward(bench.x, bench.arena).y(), bench.dY);
            bench.arena.release(mark);
            return sum;
        };
        Tensor dX = bench.arena.matrix(B * T, D); // (B*T, D)
        bench.kernels.elementwise().fill(dX, 0);
        norm.backward(bench.dY, norm.forward(bench.x, bench.arena), dX);
        bench.check("x", bench.x, dX, loss);
        bench.check("gain", norm.gain(), norm.dGain(), loss);
    }

    @ParameterizedTest
    @MethodSource("kernelsAndAttentions")
    void attention(KernelChoice choice, AttentionConfig config) {
        Bench bench = new Bench(choice, config);
        String prefix = ParameterNames.layer(0) + "self_attn.";
        Attention attention = Attention.of(config, ParameterNames.layer(0), bench.parameters, bench.rope);
        DoubleSupplier loss =
                bench.loss(y -> attention.forward(bench.x, Sequences.of(B, bench.x.rows()), y, bench.arena));
        Tensor dX = bench.arena.matrix(B * T, D); // (B*T, D)
        Attention.Cache cache =
                attention.forward(bench.x, Sequences.of(B, bench.x.rows()), bench.stream(), bench.arena);
        long mark = bench.arena.mark();
        attention.backward(bench.dY, cache, dX, ProjectionObserver.NONE, bench.arena);
        assertEquals(mark, bench.arena.mark());
        bench.check("x", bench.x, dX, loss);
        bench.checkParameters(prefix, loss);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void swiGluMlp(KernelChoice choice) {
        Bench bench = new Bench(choice, attentions().get(0));
        String prefix = ParameterNames.layer(0) + "mlp.";
        SwiGluMlp mlp = SwiGluMlp.of(ParameterNames.layer(0), false, bench.parameters);
        DoubleSupplier loss = bench.loss(y -> mlp.output(mlp.inner(bench.x, bench.arena), y));
        Tensor dX = bench.arena.matrix(B * T, D); // (B*T, D)
        SwiGluMlp.Cache cache = mlp.inner(bench.x, bench.arena);
        long mark = bench.arena.mark();
        mlp.backward(bench.dY, cache, dX, bench.arena);
        assertEquals(mark, bench.arena.mark());
        bench.check("x", bench.x, dX, loss);
        bench.checkParameters(prefix, loss);
    }

    @ParameterizedTest
    @MethodSource("kernelsAndAttentions")
    void block(KernelChoice choice, AttentionConfig config) {
        Bench bench = new Bench(choice, config);
        TransformerBlock block = TransformerBlock.of(0, bench.model, bench.parameters, bench.rope);
        DoubleSupplier loss = bench.loss(y -> block.forward(bench.x, Sequences.of(B, bench.x.rows()), y, bench.arena));
        TransformerBlock.Cache cache =
                block.forward(bench.x, Sequences.of(B, bench.x.rows()), bench.stream(), bench.arena);
        long mark = bench.arena.mark();
        Tensor dStream = bench.arena.matrix(B * T, D); // (B*T, D)
        bench.kernels.elementwise().copy(bench.dY, dStream);
        block.backward(dStream, cache, bench.arena);
        bench.check("x", bench.x, dStream, loss);
        bench.arena.release(mark);
        bench.checkParameters(ParameterNames.layer(0), loss);
    }
}
