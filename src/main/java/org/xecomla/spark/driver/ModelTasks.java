package org.xecomla.spark.driver;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;

/**
 * What tasks that work on a model ask of Spark: all threads that they will use and, where executors have one, the GPU.
 * Other tasks, which only move text and tokens, ask for one core each, so that many run beside each other.
 *
 * <p>Only the tasks of a stage ask for more, never its executors: a profile with executors of its own needs dynamic
 * allocation, which barrier stages refuse.
 */
public final class ModelTasks {
    /** Spark's name of the resource. */
    static final String GPU = "gpu";

    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*\\d+\\s*,\\s*(\\d+)\\s*,.*");
    private static final long POLL_MILLIS = 200;

    private final JavaSparkContext spark;
    private final RunConfig config;
    private final ResourceProfile profile;
    private final boolean special;

    public ModelTasks(JavaSparkContext spark, RunConfig config) {
        this.spark = spark;
        this.config = config;
        int cores = cores();
        boolean gpu = config.spark().gpusPerExecutor() > 0;
        // Master local knows no profiles.
        this.special = !spark.isLocal() && (gpu || cores != defaultCores());
        ResourceProfile made = spark.sc().resourceProfileManager().defaultResourceProfile();
        if (special) {
            TaskResourceRequests requests = new TaskResourceRequests().cpus(cores);
            made = new ResourceProfileBuilder()
                    .require(gpu ? requests.resource(GPU, 1) : requests)
                    .build();
            spark.sc().resourceProfileManager().addResourceProfile(made);
        }
        this.profile = made;
    }

    private int defaultCores() {
        return spark.getConf().getInt("spark.task.cpus", 1);
    }

    /** As many as the kernels will have threads; those of the executor, where it is known how many it has. */
    private int cores() {
        OptionalInt ofExecutor = coresOfExecutor();
        if (ofExecutor.isEmpty()) {
            return defaultCores();
        }
        int limit = ofExecutor.getAsInt();
        return Math.max(
                defaultCores(), Math.min(limit, config.compute().threads().orElse(limit)));
    }

    private OptionalInt coresOfExecutor() {
        Matcher localCluster = LOCAL_CLUSTER.matcher(spark.master());
        if (localCluster.matches()) {
            return OptionalInt.of(Integer.parseInt(localCluster.group(1)));
        }
        int configured = spark.getConf().getInt("spark.executor.cores", 0);
        return configured > 0 ? OptionalInt.of(configured) : OptionalInt.empty();
    }

    public JavaSparkContext spark() {
        return spark;
    }

    /** {@code rdd}, its tasks working on models. */
    public <T> JavaRDD<T> on(JavaRDD<T> rdd) {
        return special ? rdd.withResources(profile) : rdd;
    }

    /** {@code rdd}, its tasks working on models. */
    public <T> RDD<T> on(RDD<T> rdd) {
        return special ? rdd.withResources(profile) : rdd;
    }

    /**
     * How many such tasks the executors that are there can run at once: a barrier job needs a slot for each of its
     * tasks.
     */
    public int slots() {
        SparkContext context = spark.sc();
        return context.maxNumConcurrentTasks(profile);
    }

    /**
     * Waits until there are {@code wanted} slots, at most {@code patience}; then returns how many there are, up to
     * that.
     *
     * @throws UserException where Spark has ended the application meanwhile
     */
    public int awaitSlots(int wanted, Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        int slots = slots();
        while (slots < wanted && !spark.isLocal() && System.nanoTime() < deadline) {
            pause();
            if (spark.sc().isStopped()) {
                throw new UserException("Spark has ended the application: look at the messages above, and at the logs"
                        + " of executors that did not start");
            }
            slots = slots();
        }
        return Math.min(wanted, slots);
    }

    /** @throws UserException where no executor that can work on a model comes in time */
    public void requireExecutor() {
        if (spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false)) {
            return; // executors come with the work
        }
        Duration patience = config.spark().executorTimeout();
        if (awaitSlots(1, patience) == 0) {
            throw new UserException("no executor that can work on a model within " + patience.toSeconds()
                    + " s (spark.executor-timeout-seconds): " + remedy());
        }
    }

    private String remedy() {
        boolean some = spark.sc()
                        .maxNumConcurrentTasks(
                                spark.sc().resourceProfileManager().defaultResourceProfile())
                > 0;
        if (config.spark().gpusPerExecutor() == 0) {
            return "look at the cluster's free cores and memory, and at the logs of executors that did not start";
        }
        return (some ? "there are executors, but none with a GPU" : "spark.gpus-per-executor = 1 asks for a GPU each")
                + ": start a standalone cluster's workers with spark.worker.resource.gpu.amount and "
                + ".discoveryScript, let"
                + " YARN count yarn.io/gpu, give Kubernetes a device plugin, look at the executors' logs, or set"
                + " spark.gpus-per-executor = 0";
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for executors", e);
        }
    }
}
