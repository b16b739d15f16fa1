package org.xecomla.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.xecomla.config.ComputeConfig;
import org.xecomla.config.Freeze;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.estimate.MemoryEstimate;
import org.xecomla.nn.CausalLm;
import org.xecomla.nn.loss.SoftLabels;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.tensor.Arena;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.engine.SizingKernels;
import org.xecomla.train.RandomWeights;
import org.xecomla.train.Replica;
import org.xecomla.train.TokenObjective;
import org.xecomla.train.TrainStep;
import org.xecomla.train.data.TrainingSequence;

/**
 * The training step and the teacher's forward of a {@link BenchShape}, on random weights and tokens, to be timed: the
 * very classes that a run uses. Latent attention is distilled from {@value #DRAWS} tokens a position, grouped-query
 * attention trained on the text. Legend: n positions of a chunk, V vocabulary.
 */
public final class StepBenchmark implements AutoCloseable {
    private static final int DRAWS = 16;
    private static final long SEED = 1;

    private final BenchShape shape;
    private final Replica replica;
    private final TrainStep<TrainingSequence> step;
    private final AdamW adamW;
    private final List<TrainingSequence> sequences;
    private final CausalLm teacher;
    private final int[] ids;
    private final MemoryEstimate estimate;
    private Arena teacherArena; // null until the first forward: a training step does not hold it
    private long numSteps;

    /** @param compute what the kernels were made of */
    public StepBenchmark(BenchShape shape, BenchShape.Model model, ComputeConfig compute, Kernels kernels) {
        this.shape = shape;
        ModelConfig config = shape.config(model);
        TokenObjective loss = model == BenchShape.Model.GQA ? TokenObjective.CROSS_ENTROPY : new TokenObjective(0, 1);
        Replica.Shape memory = new Replica.Shape(shape.batch(), shape.length(), compute.recompute());
        this.replica = new Replica(config, Freeze.NONE.trainable(), memory, loss, kernels);
        RandomWeights.write(config, SEED, replica.weights());
        this.adamW = new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.999, 1e-8, 0.01));
        this.step = new TrainStep<>(replica, adamW, LearningRateSchedule.constant(1e-4), new GradientClip(1), loss);
        this.sequences = sequences(shape, model);
        this.ids = sequences.stream().flatMapToInt(s -> Arrays.stream(s.ids())).toArray();
        this.teacher = new CausalLm(config, replica.weights(), null, kernels, shape.length());
        this.estimate = MemoryEstimate.of(
                config,
                Freeze.NONE.trainable(),
                memory,
                loss,
                new SizingKernels(kernels.type(), compute.threadsHere(), compute.precision()));
    }

    private static List<TrainingSequence> sequences(BenchShape shape, BenchShape.Model model) {
        Random random = new Random(SEED);
        List<TrainingSequence> made = new ArrayList<>();
        for (int b = 0; b < shape.batch(); b++) {
            int[] ids = random.ints(shape.length(), 0, shape.vocab()).toArray();
            made.add(TrainingSequence.of(ids, model == BenchShape.Model.GQA ? null : draws(shape, random)));
        }
        return made;
    }

    private static SoftLabels draws(BenchShape shape, Random random) {
        int[] ids = new int[shape.length() * DRAWS];
        float[] weights = new float[ids.length];
        int stratum = shape.vocab() / DRAWS; // one draw from each: ids of a row are distinct
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i % DRAWS * stratum + random.nextInt(Math.max(1, stratum));
            weights[i] = 1f / DRAWS;
        }
        return new SoftLabels.Sampled(shape.length(), DRAWS, ids, weights);
    }

    /** One optimizer step: forward, loss, backward, clipping, AdamW. Returns the loss before the update. */
    public double trainingStep() {
        return step.run(numSteps++, sequences).measures().loss();
    }

    /** What a training step takes outside the heap. */
    public MemoryEstimate estimate() {
        return estimate;
    }

    /** Logits of every position. */
    public void forward() {
        if (teacherArena == null) {
            teacherArena = Arena.of(teacher.kernels(), teacher.arenaBytes(this::logits));
        }
        logits(teacher, teacherArena);
    }

    private void logits(CausalLm model, Arena arena) {
        long mark = arena.mark();
        Tensor hidden = model.hiddenStates(ids, shape.batch(), arena, null); // (B*T, D)
        Tensor logits =
                arena.matrix(Math.min(shape.length(), CausalLm.logitRows(model.config())), shape.vocab()); // (n, V)
        for (int from = 0; from < ids.length; from += logits.rows()) {
            int to = Math.min(ids.length, from + logits.rows());
            model.logits(hidden.rows(from, to), logits.rows(0, to - from)); // (n, V)
        }
        arena.release(mark);
    }

    /** What replicas average, each (1, length). */
    public List<Tensor> weights() {
        return replica.weights().trainableSegments();
    }

    @Override
    public void close() {
        if (teacherArena != null) {
            teacherArena.close();
        }
        teacher.close();
        adamW.close();
        replica.close();
    }
}
