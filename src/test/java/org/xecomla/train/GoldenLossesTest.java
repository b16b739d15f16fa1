package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.xecomla.config.Freeze;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.safetensors.Integers;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.TestedKernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.train.data.TrainingSequence;

/**
 * Ten training steps against PyTorch 2 in float64, on golden models with {@code reference/ref.py}'s forward:
 *
 * <pre>{@code
 * torch.set_default_dtype(torch.float64)
 * c, W = ref.load_hf(d); e = ref.read_safetensors(d + "/expected.safetensors"); ids = e["input_ids"].long()
 * W = {k: v.to(torch.float64).clone().requires_grad_() for k, v in W.items()}
 * P = (e["teacher_logits"].double() / 2).softmax(-1).float().double()
 * opt = torch.optim.AdamW(W.values(), betas=(0.9, 0.98), eps=1e-8, weight_decay=0.1)
 * for s in range(10):
 *     lr = 3e-3 * (s + 1) / 3 if s < 3 else 3e-4 + 0.5 * 2.7e-3 * (1 + math.cos(math.pi * (s - 3) / 7))
 *     for g in opt.param_groups: g["lr"] = lr
 *     opt.zero_grad(); z = ref.forward(c, W, ids)
 *     kl = (P * (P.log() - (z / 2).log_softmax(-1))).sum(-1).mean()
 *     ce = F.cross_entropy(z[:, :-1].reshape(-1, z.shape[-1]), ids[:, 1:].reshape(-1))
 *     loss = 0.75 * 4 * kl + 0.25 * ce
 *     loss.backward(); norm = clip_grad_norm_(W.values(), 1.0); opt.step()
 *     print(loss.item(), kl.item(), ce.item(), norm.item())
 * }</pre>
 */
class GoldenLossesTest {
    private static final TokenObjective LOSS = new TokenObjective(0.25, 2);

    private static final double[] MLA_SERVING = {
        17.41309855929553, 15.969860536235865, 13.920272256826596, 12.229251837779646, 11.089980366916958,
        10.222417305861052, 9.536425416169113, 9.012263056522263, 8.655293539964937, 8.442414366633734
    };
    private static final double[] GQA_TIED = {
        16.403191347865878, 14.6455824003862, 12.578464901577984, 10.980133080737522, 9.80613999031651,
        8.890824718792222, 8.20718682100983, 7.708782994781646, 7.375322014008294, 7.171845185201834
    };

    /** KL, cross-entropy and gradient norm of the first and the last step. */
    private static final double[][] MLA_SERVING_PARTS = {
        {4.466663648146644, 16.052430459422386, 12.857351068944773},
        {2.2837733232990978, 6.364377586945763, 3.463066391788267}
    };

    private static final double[][] GQA_TIED_PARTS = {
        {4.13809927676131, 15.955574070327792, 17.487454879171683},
        {1.981975741758959, 4.903671839699824, 3.4723281433433817}
    };

    private static Path golden(String name) {
        return DataFiles.path("src/test/resources/golden/" + name);
    }

    private static List<TrainingSequence> sequences(String name) {
        SafetensorsFile expected = SafetensorsFile.open(new Path(golden(name), "expected.safetensors"));
        int[] ids = Integers.of(expected, "input_ids");
        double[] logits = expected.readDoubles("teacher_logits");
        int numSequences = expected.entry("input_ids").shape().get(0).intValue();
        int length = ids.length / numSequences;
        int vocab = logits.length / ids.length;
        List<TrainingSequence> sequences = new ArrayList<>();
        for (int b = 0; b < numSequences; b++) {
            float[] probabilities = new float[length * vocab];
            for (int t = 0; t < length; t++) {
                softmax(logits, (b * length + t) * vocab, vocab, probabilities, t * vocab);
            }
            sequences.add(TrainingSequence.of(
                    Arrays.copyOfRange(ids, b * length, (b + 1) * length),
                    new SoftLabels.Dense(length, vocab, probabilities)));
        }
        return sequences;
    }

    private static void softmax(double[] logits, int from, int vocab, float[] out, int to) {
        double[] exps = new double[vocab];
        for (int v = 0; v < vocab; v++) {
            exps[v] = Math.exp(logits[from + v] / LOSS.temperature());
        }
        double sum = Arrays.stream(exps).sum();
        for (int v = 0; v < vocab; v++) {
            out[to + v] = (float) (exps[v] / sum);
        }
    }

    /** Losses, then KL, cross-entropy and norm, of ten steps in micro-batches of two of the three sequences. */
    private static List<double[]> train(String name, Kernels kernels) {
        ModelDirectory directory = ModelDirectory.open(golden(name));
        List<TrainingSequence> batch = sequences(name);
        Replica.Shape shape = new Replica.Shape(2, batch.get(0).ids().length);
        try (Replica replica = new Replica(directory.config(), Freeze.NONE.trainable(), shape, LOSS, kernels);
                AdamW adamW =
                        new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.98, 1e-8, 0.1))) {
            directory.load(replica.weights());
            TrainStep<TrainingSequence> step = new TrainStep<>(
                    replica, adamW, new LearningRateSchedule(3e-3, 3e-4, 3, 10), new GradientClip(1), LOSS);
            List<double[]> rows = new ArrayList<>();
            for (int s = 0; s < 10; s++) {
                TrainStep.Outcome outcome = step.run(s, batch);
                rows.add(new double[] {
                    outcome.measures().loss(),
                    outcome.measures().value(TokenObjective.KL),
                    outcome.measures().value(TokenObjective.CE),
                    outcome.gradientNorm()
                });
            }
            return rows;
        }
    }

    private static void compare(String name, double[] losses, double[][] parts, Kernels kernels, double tolerance) {
        List<double[]> rows = train(name, kernels);
        for (int s = 0; s < losses.length; s++) {
            assertEquals(losses[s], rows.get(s)[0], tolerance * losses[s], name + " at step " + s);
        }
        for (int end = 0; end < 2; end++) {
            double[] row = rows.get(end * (losses.length - 1));
            for (int i = 0; i < 3; i++) {
                assertEquals(parts[end][i], row[i + 1], tolerance * parts[end][i], name + " part " + i);
            }
        }
    }

    private static void compare(Kernels kernels, double tolerance) {
        try (kernels) {
            compare("mla-serving", MLA_SERVING, MLA_SERVING_PARTS, kernels, tolerance);
            compare("llama-gqa-tied", GQA_TIED, GQA_TIED_PARTS, kernels, tolerance);
        }
    }

    @Test
    void inDoubleAsPyTorch() {
        compare(TestedKernels.inBothTypes(ElementType.DOUBLE), 1e-7);
    }

    @Test
    void inFloatWithinOneInTenThousand() {
        compare(TestedKernels.inBothTypes(ElementType.FLOAT), 1e-4);
        compare(new CpuKernels(2), 1e-4);
    }
}
