package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.safetensors.Dtype;
import org.xecomla.spark.driver.RunContext;
import org.xecomla.spark.driver.StageContext;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.upcycle.Student;
import org.xecomla.upcycle.StudentInitializer;
import org.xecomla.upcycle.StudentParts;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * The student as it starts, made from the base's own weights: one forward pass over calibration text, then layer by
 * layer, a task each, the search for slots where the method has one and the layer itself.
 */
public final class InitStage extends SparkStage {
    public static final String NAME = "init";
    public static final String KIND = "student-init";
    private static final String PARTS = "parts"; // of the output's directory, while it is made

    InitStage() {
        super(NAME, KIND, List.of(ShardStage.NAME), layout -> List.of(layout.studentInit()));
    }

    @Override
    public void run(StageContext context) {
        complete(context, (base, plan) -> byTasks(context, plan));
    }

    /** Makes the student on this thread; its calibration text, where it needs one, is the beginning of the shards. */
    static void runHere(RunContext context) {
        complete(context, (base, plan) -> {
            RunLayout layout = context.layout();
            try (Kernels kernels = TaskKernels.of(context.config());
                    Student student = StudentInitializer.make(
                            base, plan, () -> windows(layout, plan), kernels, ElementType.FLOAT)) {
                return save(context.config(), layout, student);
            }
        });
    }

    /** The base, opened once by each process that makes parts. */
    private static final class Base implements StudentParts.Base {
        private final RunConfig config;
        private transient ModelDirectory opened;

        Base(RunConfig config) {
            this.config = config;
        }

        @Override
        public synchronized ModelDirectory open() {
            if (opened == null) {
                opened = RunModels.base(config);
            }
            return opened;
        }
    }

    /** What is said of a student that was made and saved. */
    private record Saved(ArrayList<String> lines, long kvElements) implements Serializable {}

    private static void complete(RunContext context, BiFunction<ModelDirectory, UpcyclePlan, Saved> work) {
        RunConfig config = context.config();
        ModelDirectory base = RunModels.base(config);
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        InputDigests inputs = new InputDigests(context);
        inputs.model("base", base.path());
        if (plan.needsCalibration()) {
            inputs.stage("shards", context.layout().trainShards(), ShardStage.KIND);
        }
        context.complete(
                NAME,
                context.layout().studentInit(),
                context.asked(KIND, config.settings("upcycle", "mha2mla"), inputs.all()),
                () -> {
                    Saved saved = work.apply(base, plan);
                    saved.lines.forEach(line -> context.say(NAME, line));
                    return Map.of(
                            "layers made latent",
                            (long) plan.layers().size(),
                            "KV elements per token",
                            saved.kvElements);
                });
    }

    private static Saved byTasks(StageContext context, UpcyclePlan plan) {
        RunConfig config = context.config();
        RunLayout layout = context.layout();
        StudentParts parts =
                new StudentParts(new Base(config), layout.studentInit().file(PARTS));
        StudentParts.Workers workers = new Tasks(context);
        try {
            StudentParts.Made made = parts.make(plan, () -> windows(layout, plan), workers);
            return workers.map("student", List.of(made), (layers, kernels) -> {
                        try (Student student = parts.student(layers, ElementType.FLOAT)) {
                            return save(config, layout, student);
                        }
                    })
                    .get(0);
        } finally {
            DataFiles.delete(parts.scratch());
        }
    }

    /**
     * Spark's: a task an item. A single one runs on this thread where the master is local, with all processors; else in
     * a task too, since the driver may have neither the memory nor the GPU.
     */
    private record Tasks(StageContext context) implements StudentParts.Workers {
        @Override
        public <T extends Serializable, R extends Serializable> List<R> map(
                String what, List<T> items, StudentParts.Part<T, R> part) {
            RunConfig config = context.config();
            if (items.size() == 1 && context.spark().isLocal()) {
                return List.of(here(config, items.get(0), part));
            }
            return context.mapOnModels(NAME, what, items, item -> here(config, item, part));
        }

        private static <T, R> R here(RunConfig config, T item, StudentParts.Part<T, R> part) {
            try (Kernels kernels = TaskKernels.of(config)) {
                return part.run(item, kernels);
            }
        }
    }

    private static Saved save(RunConfig config, RunLayout layout, Student student) {
        SaveOptions options = SaveOptions.of(Dtype.F32, RunModels.tokenizerPath(config));
        ModelDirectory.save(layout.studentInit().path(), student.config(), student.weights(), options);
        return new Saved(
                new ArrayList<>(student.report().lines()), student.config().kvElementsPerToken());
    }

    private static List<TokenSequence> windows(RunLayout layout, UpcyclePlan plan) {
        try (TokenShards tokens = TokenShards.open(layout.trainShards().path())) {
            long wanted = plan.numCalibrationWindows(tokens.sequenceLength());
            List<TokenSequence> windows = new ArrayList<>();
            for (long s = 0; s < Math.min(wanted, tokens.numSequences()); s++) {
                windows.add(tokens.sequence(s));
            }
            return windows;
        }
    }
}
