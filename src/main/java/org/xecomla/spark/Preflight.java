package org.xecomla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.ComputeConfig.KernelChoice;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.estimate.CorpusSize;
import org.xecomla.estimate.Estimate;
import org.xecomla.estimate.PreferenceSize;
import org.xecomla.estimate.RunShapes;
import org.xecomla.files.DataFiles;
import org.xecomla.nn.CausalLm;
import org.xecomla.run.RunCheck;
import org.xecomla.run.RunLayout;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.stage.DistillStage;
import org.xecomla.spark.stage.ShardStage;
import org.xecomla.spark.stage.SparkStage;
import org.xecomla.spark.stage.Stages;
import org.xecomla.tensor.engine.Device;

/**
 * Looks at a run before it starts: what is wrong with it should cost seconds, and whoever starts it should know what it
 * will take. Reads headers, configurations and the beginning of the corpus, no weights.
 */
final class Preflight {
    private static final double MEGA = 1e6;

    /** Spark's switches that encrypt what executors send to each other. */
    private static final List<String> ENCRYPTION =
            List.of("spark.network.crypto.enabled", "spark.authenticate.enableSaslEncryption", "spark.ssl.rpc.enabled");

    private final RunConfig config;
    private final RunCheck run;

    /** @throws UserException where a model is missing or broken, or a sequence is longer than a model takes */
    Preflight(RunConfig config) {
        this.config = config;
        this.run = new RunCheck(config);
    }

    /** @throws UserException with the first thing that stands in the way of {@code stages} */
    void check(List<SparkStage> stages) {
        config.compute().requireComputable();
        RunTokenizer.open(config, run.base()).close();
        RunModels.chat(config);
        List<RunConfig> variants = stages.stream()
                .flatMap(stage -> stage.variants(config).stream())
                .toList();
        (variants.isEmpty() ? List.of(config) : variants).forEach(run::requireUpcycling);
        stages.forEach(stage -> stage.check(run));
        requireBackEnd();
        requireWritable(RunLayout.of(config).dir());
    }

    private void requireBackEnd() {
        boolean onGpu = config.spark().gpusPerExecutor() > 0 && config.compute().kernels() == KernelChoice.ND4J;
        if (onGpu && !Device.isGpu()) {
            throw new UserException(
                    "spark.gpus-per-executor = 1 with compute.kernels = nd4j needs a build for GPUs, and"
                            + " this one computes on the processor: set XECOMLA_MAVEN_FLAGS=-Pcuda and start"
                            + " again, or set spark.gpus-per-executor = 0");
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
     * A ring proves who its members are by a secret that Spark hands out, as {@code spark.authenticate} wants, but what
     * it sends is not encrypted: Spark's own block transfer is, where Spark is asked for that.
     *
     * @throws ConfigException where a stage's parameters would travel in clear though {@code conf} wants encryption
     */
    void checkEncryption(SparkConf conf, List<SparkStage> stages) {
        Optional<String> wanted =
                ENCRYPTION.stream().filter(key -> conf.getBoolean(key, false)).findFirst();
        for (SparkStage stage : stages) {
            boolean inClear = stage.replicas(config)
                    .filter(replicas -> replicas.count() > 1)
                    .filter(replicas -> replicas.averaging().transport() == AveragingConfig.Transport.RING)
                    .isPresent();
            if (inClear && wanted.isPresent()) {
                throw new ConfigException(wanted.get() + " = true asks for encryption, and " + stage.name()
                        + ".averaging = ring sends parameters in clear: set " + stage.name()
                        + ".averaging = driver, which takes Spark's own encrypted way");
            }
        }
    }

    /**
     * @throws UserException where this machine cannot run all replicas at once; a cluster's executors may still come
     */
    void checkSlots(ModelTasks modelTasks, List<SparkStage> stages) {
        JavaSparkContext spark = modelTasks.spark();
        if (!spark.isLocal()) {
            return;
        }
        int slots = modelTasks.slots();
        stages.forEach(stage ->
                stage.replicas(config).ifPresent(replicas -> checkSlots(spark, slots, stage.name(), replicas.count())));
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
    List<String> describe(List<SparkStage> stages) {
        List<String> lines = new ArrayList<>();
        ModelConfig model = run.base();
        long parameters = CausalLm.layout(model, name -> true).numParameters();
        lines.add(String.format(
                Locale.ROOT,
                "plan     base of %,.1f M parameters, %d layers, vocabulary %,d; sequences of %d tokens; output in %s",
                parameters / MEGA,
                model.numLayers(),
                model.vocabSize(),
                run.sequenceLength(),
                config.run().dir()));
        if (config.spark().gpusPerExecutor() > 0 && config.compute().kernels() != KernelChoice.ND4J) {
            lines.add("plan     spark.gpus-per-executor = 1 reserves GPUs that these compute.kernels do not use");
        }
        if (stages.containsAll(Stages.named(ShardStage.NAME, DistillStage.NAME))) {
            lines.addAll(cost());
        }
        return lines;
    }

    private List<String> cost() {
        RunShapes shapes = RunShapes.of(config, run.base());
        CorpusSize corpus = CorpusSize.measure(config, shapes.base());
        PreferenceSize preferences = PreferenceSize.of(config, shapes.base(), OptionalLong.empty());
        return Estimate.of(config, shapes, corpus, preferences).summary().stream()
                .map(line -> "plan     " + line)
                .toList();
    }
}
