package org.xecomla.spark;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.ComputeConfig.KernelChoice;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.corpus.tokenizer.TokenizerVocabulary;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.estimate.CorpusSize;
import org.xecomla.estimate.Estimate;
import org.xecomla.estimate.PreferenceSize;
import org.xecomla.estimate.RunShapes;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.run.RunModels;
import org.xecomla.run.Stage;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.stage.DistillStage;
import org.xecomla.spark.stage.DpoStage;
import org.xecomla.spark.stage.SweepRun;
import org.xecomla.targets.TargetCodec;
import org.xecomla.teacher.Teacher;
import org.xecomla.tensor.engine.Device;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * Looks at a run before it starts: what is wrong with it should cost seconds, and whoever starts it should know what it
 * will take. Reads headers, configurations and the beginning of the corpus, no weights.
 */
final class Preflight {
    private static final double MEGA = 1e6;

    /** Those that hear the teacher; training reads what it said, perhaps elsewhere and long ago. */
    private static final Set<Stage> NEED_TEACHER = EnumSet.of(Stage.TEACHER, Stage.EVAL, Stage.SWEEP);

    private final RunConfig config;
    private final ModelDirectory base;
    private final int sequenceLength;

    /** @throws UserException where a model is missing or broken, or a sequence is longer than a model takes */
    Preflight(RunConfig config) {
        this.config = config;
        this.base = RunModels.base(config);
        this.sequenceLength = config.sequence().lengthFor(base.config());
    }

    /** @throws UserException with the first thing that stands in the way of {@code stages} */
    void check(List<Stage> stages) {
        config.compute().requireComputable();
        try (Tokenizer tokenizer = RunModels.tokenizer(config, base.config())) {
            RunModels.packing(config, tokenizer, base.config());
        }
        RunModels.chat(config);
        if (stages.stream().anyMatch(NEED_TEACHER::contains)) {
            checkTeacher();
        }
        if (stages.contains(Stage.SWEEP)) {
            checkSweep();
        } else {
            UpcyclePlan.of(config.upcycle(), base.config());
        }
        if (stages.contains(Stage.SHARD)) {
            requireFiles("corpus.train", config.corpus().train());
            requireFiles("corpus.valid", config.corpus().valid());
        }
        if (stages.contains(Stage.DPO)) {
            requireFiles("dpo.train", config.dpo().train());
            config.dpo().valid().forEach(file -> requireFile("dpo.valid", file));
            config.dpo().maxLengthFor(base.config());
        }
        if (stages.contains(Stage.TEACHER)) {
            TargetCodec.of(config).encoder(sequenceLength, base.config().vocabSize(), 0);
        }
        if (stages.contains(Stage.EVAL)) {
            TaskSource.of(config.eval());
            config.eval().tasks().forEach((name, file) -> requireFile("eval.tasks." + name, file));
            config.eval().fewshot().forEach((name, file) -> requireFile("eval.fewshot." + name, file));
        }
        requireBackEnd();
        requireWritable(DataFiles.path(config.run().dir()));
    }

    private void checkTeacher() {
        ModelConfig teacher = RunModels.teacher(config).config();
        config.sequence().lengthFor(teacher);
        Teacher.requireSameVocabulary(teacher, base.config());
        requireSameTokenizer();
    }

    /**
     * Targets are of the run's tokens: every id must be the same word to the teacher. A teacher without a tokenizer is
     * trusted.
     */
    private void requireSameTokenizer() {
        Path ofTeacher = DataFiles.path(config.models().requireTeacher());
        Path ofRun = DataFiles.path(config.models().requireTokenizer());
        if (ofTeacher.equals(ofRun)) {
            return;
        }
        TokenizerVocabulary.find(ofRun).ifPresent(run -> TokenizerVocabulary.find(ofTeacher)
                .ifPresent(teachers -> run.requireSame(teachers, "this run", "the teacher")));
    }

    /** A value of the sweep that cannot be should not be found out by its task. */
    private void checkSweep() {
        for (SweepRun run : SweepRun.all(config)) {
            UpcyclePlan.of(run.config().upcycle(), base.config());
            TargetCodec.of(run.config()).encoder(sequenceLength, base.config().vocabSize(), 0);
        }
    }

    private void requireBackEnd() {
        boolean onGpu = config.spark().gpusPerExecutor() > 0 && config.compute().kernels() == KernelChoice.ND4J;
        if (onGpu && !Device.isGpu()) {
            throw new UserException(
                    "spark.gpus-per-executor = 1 with compute.kernels = nd4j needs a build for GPUs, and"
                            + " this one computes on the processor: set XECOMLA_MAVEN_FLAGS=-Pcuda and start again, "
                            + "or set"
                            + " spark.gpus-per-executor = 0");
        }
    }

    private static void requireFiles(String key, List<String> files) {
        if (files.isEmpty()) {
            throw new ConfigException(key + " names no file: give it at least one JSON-lines file");
        }
        files.forEach(file -> requireFile(key, file));
    }

    private static void requireFile(String key, String file) {
        if (!DataFiles.exists(DataFiles.path(file))) {
            throw new UserException("no such file: " + file + " (" + key + ")");
        }
    }

    private static void requireWritable(Path directory) {
        Path probe = new Path(directory, ".probe");
        try {
            DataFiles.writeString(probe, "");
            DataFiles.delete(probe);
        } catch (RuntimeException e) {
            throw new UserException(
                    "cannot write to run.dir = " + DataFiles.display(directory) + ": " + e.getMessage(), e);
        }
    }

    /**
     * @throws UserException where this machine cannot run all replicas at once; a cluster's executors may still come
     */
    void checkSlots(ModelTasks modelTasks, List<Stage> stages) {
        JavaSparkContext spark = modelTasks.spark();
        if (!spark.isLocal()) {
            return;
        }
        int slots = modelTasks.slots();
        if (stages.contains(Stage.DISTILL)) {
            checkSlots(
                    spark, slots, DistillStage.NAME, config.distill().replicas().count());
        }
        if (stages.contains(Stage.DPO)) {
            checkSlots(spark, slots, DpoStage.NAME, config.dpo().replicas().count());
        }
        if (config.spark().gpusPerExecutor() > 0 && slots > 1) {
            throw new ConfigException("spark.master = " + spark.master() + " would put " + slots
                    + " tasks on one GPU: set it to local[1], or to a cluster with an executor for every GPU");
        }
    }

    private static void checkSlots(JavaSparkContext spark, int slots, String section, int replicas) {
        if (slots < replicas) {
            throw new ConfigException(section + ".replicas = " + replicas + " need as many task slots at once, and "
                    + spark.master() + " has " + slots + ": lower " + section + ".replicas or raise spark.master");
        }
    }

    /** What {@code stages} will do, in lines for a person. */
    List<String> describe(List<Stage> stages) {
        List<String> lines = new ArrayList<>();
        ModelConfig model = base.config();
        long parameters = CausalLm.layout(model, name -> true).numParameters();
        lines.add(String.format(
                Locale.ROOT,
                "plan     base of %,.1f M parameters, %d layers, vocabulary %,d; sequences of %d tokens; output in %s",
                parameters / MEGA,
                model.numLayers(),
                model.vocabSize(),
                sequenceLength,
                config.run().dir()));
        if (config.spark().gpusPerExecutor() > 0 && config.compute().kernels() == KernelChoice.CPU) {
            lines.add("plan     spark.gpus-per-executor = 1 reserves GPUs that compute.kernels = cpu does not use");
        }
        if (stages.contains(Stage.SHARD) && stages.contains(Stage.DISTILL)) {
            lines.addAll(cost());
        }
        return lines;
    }

    private List<String> cost() {
        RunShapes shapes = RunShapes.of(config);
        CorpusSize corpus = CorpusSize.measure(config, shapes.base());
        PreferenceSize preferences = PreferenceSize.of(config, shapes.base(), OptionalLong.empty());
        return Estimate.of(config, shapes, corpus, preferences).summary().stream()
                .map(line -> "plan     " + line)
                .toList();
    }
}
