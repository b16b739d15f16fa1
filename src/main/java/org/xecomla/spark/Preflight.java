package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.config.ConfigException;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UserException;
import org.xecomla.corpus.Packing;
import org.xecomla.corpus.TextDocuments;
import org.xecomla.corpus.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.nn.CausalLm;
import org.xecomla.targets.TargetCodec;
import org.xecomla.teacher.Teacher;
import org.xecomla.train.TrainingPlan;
import org.xecomla.upcycle.UpcyclePlan;

/**
 * Looks at a run before it starts: what is wrong with it should cost seconds, and whoever starts it should know what it will
 * take. Reads headers, configurations and the beginning of the corpus, no weights.
 */
final class Preflight {
    private static final long SAMPLED_CHARS = 200_000;
    private static final int STORES = 4; // weights, gradients, two moments
    private static final double MEGA = 1e6;

    private final RunConfig config;
    private final ModelDirectory base;
    private final ModelConfig teacher;
    private final int sequenceLength;

    /** @throws UserException where a model is missing or broken, or a sequence is longer than a model takes */
    Preflight(RunConfig config) {
        this.config = config;
        this.base = RunModels.base(config);
        this.teacher = RunModels.teacher(config).config();
        this.sequenceLength = config.sequence().lengthFor(base.config());
        config.sequence().lengthFor(teacher);
    }

    /** @throws UserException with the first thing that stands in the way of {@code stages} */
    void check(List<Stage> stages) {
        config.compute().requireComputable();
        Teacher.requireSameVocabulary(teacher, base.config());
        try (Tokenizer tokenizer = RunModels.tokenizer(config, base.config())) {
            RunModels.packing(tokenizer, base.config());
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
        if (stages.contains(Stage.TEACHER)) {
            TeacherStage.codec(config).encoder(sequenceLength, teacher.vocabSize(), 0);
        }
        requireWritable(DataFiles.path(config.run().dir()));
    }

    /** A value of the sweep that cannot be should not be found out by its task. */
    private void checkSweep() {
        for (SweepRun run : SweepRun.all(config)) {
            UpcyclePlan.of(run.config().upcycle(), base.config());
            TeacherStage.codec(run.config()).encoder(sequenceLength, teacher.vocabSize(), 0);
        }
    }

    private static void requireFiles(String key, List<String> files) {
        if (files.isEmpty()) {
            throw new ConfigException(key + " names no file: give it at least one JSON-lines file");
        }
        for (String file : files) {
            if (!DataFiles.exists(DataFiles.path(file))) {
                throw new UserException("no such file: " + file + " (" + key + ")");
            }
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

    /** @throws UserException where this machine cannot run all replicas at once; a cluster's executors may still come */
    void checkSlots(JavaSparkContext spark, List<Stage> stages) {
        int replicas = config.distill().replicas().count();
        if (stages.contains(Stage.DISTILL) && spark.isLocal() && Slots.now(spark) < replicas) {
            throw new ConfigException("distill.replicas = " + replicas + " need as many task slots at once, and "
                    + spark.master() + " has " + Slots.now(spark) + ": lower distill.replicas or raise spark.master");
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
        if (stages.contains(Stage.SHARD) && stages.contains(Stage.DISTILL)) {
            lines.addAll(cost(parameters));
        }
        return lines;
    }

    private List<String> cost(long parameters) {
        long tokens = estimateTokens();
        long sequences = Math.max(1, tokens / sequenceLength);
        TargetCodec codec = TeacherStage.codec(config);
        double targetBytes = (double) sequences * codec.typicalRecordBytes(sequenceLength, teacher.vocabSize());
        TrainingPlan plan = TrainingPlan.distillation(config, sequences, sequenceLength);
        double replicaBytes = (double) parameters * Float.BYTES * STORES;
        return List.of(
                String.format(
                        Locale.ROOT,
                        "plan     corpus of about %,d tokens; targets (%s) about %,.1f MB",
                        tokens,
                        codec.name(),
                        targetBytes / MEGA),
                String.format(
                        Locale.ROOT,
                        "plan     %,d steps of %d sequences, %,d tokens; %d replicas averaging every %d steps, each with about"
                                + " %,.0f MB and its scratch outside the heap",
                        plan.numSteps(),
                        plan.batchSequences(),
                        plan.numTokens(),
                        config.distill().replicas().count(),
                        plan.localSteps(),
                        replicaBytes / MEGA));
    }

    /** From the length of the files and the tokens per byte of their beginning. */
    private long estimateTokens() {
        List<Path> files = config.corpus().train().stream().map(DataFiles::path).toList();
        long bytes = files.stream().mapToLong(DataFiles::length).sum();
        long[] seen = new long[2]; // characters, tokens
        try (Tokenizer tokenizer = RunModels.tokenizer(config, base.config())) {
            Packing packing = RunModels.packing(tokenizer, base.config());
            TextDocuments.of(files, config.corpus().textKey()).read(document -> {
                seen[0] += document.text().length();
                seen[1] += packing.tokens(document, tokenizer).length;
                return seen[0] < SAMPLED_CHARS;
            });
        }
        return Math.round((double) bytes * seen[1] / Math.max(1, seen[0]));
    }
}
