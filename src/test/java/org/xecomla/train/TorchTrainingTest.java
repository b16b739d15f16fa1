package org.xecomla.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.Freeze;
import org.xecomla.corpus.shards.SampleOrder;
import org.xecomla.optim.AdamW;
import org.xecomla.optim.GradientClip;
import org.xecomla.optim.LearningRateSchedule;
import org.xecomla.optim.Optimizer;
import org.xecomla.optim.OuterUpdate;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.TestedKernels;
import org.xecomla.tensor.torch.TorchKernels;
import org.xecomla.train.data.TrainingSequence;

/** Training on libtorch's kernels: the ten steps of PyTorch, replicas of one process side by side. */
@Tag("torch")
class TorchTrainingTest {
    @BeforeAll
    static void onTorch() {
        assertTrue(TestedKernels.areTorch(), "these tests are for -Ptorch, which sets -Dtest.kernels=torch");
    }

    @Nested
    class TenSteps extends GoldenLossesTest {}

    @Nested
    class Loop extends TrainingLoopTest {}

    /** What a run leaves behind: weights, and how many native pointers lived after each step. */
    private record Result(double[] weights, List<Long> livePointers) {}

    private static Result train(int numThreads, long numSteps) {
        Kernels kernels = new TorchKernels(ElementType.FLOAT, numThreads);
        List<Long> livePointers = new ArrayList<>();
        TrainListener recorder = new TrainListener() {
            @Override
            public void onStep(StepMetrics metrics) {
                livePointers.add(Pointer.totalCount());
            }
        };
        ParameterAveraging alone = ParameterAveraging.alone();
        TokenObjective kl = new TokenObjective(0, 1);
        try (kernels;
                Replica replica = Tiny.replica(2, kl, Freeze.NONE, kernels);
                Optimizer optimizer =
                        new AdamW(replica.weights().layout(), kernels, new AdamW.Settings(0.9, 0.98, 1e-8, 0));
                Rounds rounds = new Rounds(
                        new RoundPlan(1, AveragingConfig.What.WEIGHTS, false, 1, 0),
                        alone,
                        1,
                        new OuterUpdate(1, 0, replica.weights().layout(), kernels),
                        replica)) {
            TrainStep<TrainingSequence> step = new TrainStep<>(
                    replica, optimizer, LearningRateSchedule.constant(0.01), new GradientClip(0.05), kl);
            new TrainingLoop<>(
                            step,
                            new Tiny.Data(17, true),
                            new SampleOrder(3, 17),
                            new BatchSlice(4, 1, 0),
                            rounds,
                            List.of(recorder),
                            () -> false)
                    .run(TrainingProgress.START, numSteps);
            return new Result(Tiny.weights(replica), livePointers);
        }
    }

    /** What others left to the collector may fall out of the process's count at any step, yet no step may add to it. */
    @Test
    void noStepLeavesAPointer() {
        List<Long> live = train(1, 200).livePointers();
        assertEquals(200, live.size());
        for (int step = 10; step < live.size(); step++) {
            assertTrue(live.get(step) <= live.get(step - 1), "live pointers after each step: " + live);
        }
    }

    /** Each thread keeps its own number of threads, and its bits. */
    @Test
    void twoTasksOfOneProcessComputeWhatEachDoesAlone() throws Exception {
        double[] one = train(1, 30).weights();
        double[] other = train(2, 40).weights();
        ExecutorService tasks = Executors.newFixedThreadPool(2);
        try {
            Future<Result> first = tasks.submit(() -> train(1, 30));
            Future<Result> second = tasks.submit(() -> train(2, 40));
            assertArrayEquals(one, first.get().weights(), 0);
            assertArrayEquals(other, second.get().weights(), 0);
        } finally {
            tasks.shutdownNow();
        }
    }
}
