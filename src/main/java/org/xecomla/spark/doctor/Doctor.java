package org.xecomla.spark.doctor;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.averaging.RingGroup;
import org.xecomla.config.AveragingConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.estimate.RunShapes;
import org.xecomla.estimate.StageMemory;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Machine;
import org.xecomla.spark.driver.ModelTasks;
import org.xecomla.spark.driver.TaskKernels;
import org.xecomla.spark.leg.BarrierLeg;

/** Looks for what would stop a run, or slow it down, where the run would work: here, and on the executors. */
public final class Doctor {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RunConfig config;

    public Doctor(RunConfig config) {
        this.config = config;
    }

    /** What is found in this process, which is or would be the driver's. */
    public List<Finding> here() {
        List<Finding> findings = new ArrayList<>(MachineChecks.all(config, needHere()));
        findings.addAll(StorageChecks.all(config));
        findings.addAll(SpaceChecks.all(config));
        findings.addAll(CorpusSample.all(config));
        findings.addAll(InputSamples.all(config));
        return findings;
    }

    /** Of all replicas, where they are threads of this process; else the driver computes nothing. */
    private OptionalLong needHere() {
        boolean local = config.spark()
                .master()
                .filter(master -> master.startsWith("local") && !master.startsWith("local-cluster"))
                .isPresent();
        OptionalLong ofTask = local ? need() : OptionalLong.empty();
        return ofTask.isPresent()
                ? OptionalLong.of(
                        ofTask.getAsLong() * config.distill().replicas().count())
                : ofTask;
    }

    /** Of one task; empty where the configuration names no models. */
    private OptionalLong need() {
        try {
            int threads = config.spark().executorCores().orElse(1);
            return OptionalLong.of(
                    StageMemory.of(config, RunShapes.of(config), threads).most());
        } catch (UserException noModels) {
            return OptionalLong.empty(); // said by the check of the models themselves
        }
    }

    /** What one executor found. */
    private record Report(String host, List<Finding> findings) implements Serializable {}

    /**
     * Starts a Spark application, as {@code spark-submit} has set it up, and looks at its executors: as many tasks as
     * there are replicas, each of which checks its process and joins the others by sockets.
     *
     * @return findings, each about one host
     */
    public List<Finding> onExecutors() {
        SparkConf conf = new SparkConf(true).setIfMissing("spark.master", "local[*]");
        conf.setIfMissing("spark.app.name", "xecomla doctor");
        List<Finding> findings = new ArrayList<>();
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            ModelTasks tasks = new ModelTasks(spark, config);
            try {
                tasks.requireExecutor();
            } catch (UserException nobody) {
                return List.of(Finding.fail("executors", nobody.getMessage()));
            }
            int wanted = config.distill().replicas().count();
            int slots = tasks.awaitSlots(wanted, PATIENCE);
            findings.add(
                    slots == wanted
                            ? Finding.ok("executors", wanted + " replicas find a slot")
                            : Finding.warn(
                                    "executors",
                                    slots + " of " + wanted + " replicas find a slot: lower distill.replicas, or raise"
                                            + " spark.executor-instances and the cluster's room"));
            // Made once, here: one task's probe is not to go with a directory that another has made.
            DataFiles.createDirectories(DataFiles.path(config.run().dir()));
            findings.addAll(ports(tasks, slots));
            examine(tasks, slots)
                    .forEach(report -> report.findings.forEach(finding -> findings.add(
                            new Finding(finding.subject(), finding.verdict(), report.host + ": " + finding.text()))));
        }
        return findings;
    }

    /** Joins all tasks in a ring and adds up a one of each, which goes over every link. */
    private List<Finding> ports(ModelTasks tasks, int slots) {
        try {
            double sum = BarrierLeg.run(
                            tasks,
                            RingGroup.create("doctor", 1, slots),
                            averaging(AveragingConfig.Transport.RING),
                            averaging -> averaging.allReduce(1)[0])
                    .get(0);
            return List.of(
                    sum == slots
                            ? Finding.ok("ports", slots + " tasks reach each other")
                            : Finding.fail("ports", "a sum over " + slots + " tasks gave " + sum));
        } catch (Exception e) { // SparkException is checked, and Scala throws it unannounced
            return List.of(Finding.fail(
                    "ports",
                    "the executors do not reach each other ("
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                            + "): let them connect to each other's ports from 1024 on, or set "
                            + "distill.averaging = driver"));
        }
    }

    private AveragingConfig averaging(AveragingConfig.Transport transport) {
        return config.distill()
                .replicas()
                .averaging()
                .over(transport, AveragingConfig.Precision.FP32)
                .waiting(PATIENCE);
    }

    private List<Report> examine(ModelTasks tasks, int slots) {
        RunConfig asked = config;
        OptionalLong need = need();
        long bytes = need.orElse(-1);
        return BarrierLeg.run(
                tasks,
                RingGroup.create("doctor", 2, slots),
                averaging(AveragingConfig.Transport.DRIVER),
                (ParameterAveraging averaging) -> {
                    List<Finding> findings = new ArrayList<>(
                            MachineChecks.all(asked, bytes < 0 ? OptionalLong.empty() : OptionalLong.of(bytes)));
                    findings.addAll(StorageChecks.all(asked));
                    findings.addAll(SpaceChecks.ofScratch());
                    TaskKernels.gpu(asked, TaskContext.get())
                            .ifPresent(gpu -> findings.add(Finding.ok("gpu", "Spark gives this task GPU " + gpu)));
                    return new Report(Machine.hostName() + " rank " + averaging.rank(), findings);
                });
    }
}
