package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo and the doctor on executors that are processes of their own, on this machine. */
@Tag("cluster")
class LocalClusterTest {
    private static final String MASTER = "local-cluster[2,1,1024]";

    @TempDir
    static Path dir;

    private static Map<String, String> settings(String run) throws Exception {
        SmallDemo.writeText(dir);
        return SmallDemo.settings(dir.resolve(run).toString(), dir.toString(), SmallDemo.model());
    }

    @Test
    void theDemoRuns() throws Exception {
        try (ClusterProcesses processes = new ClusterProcesses(dir, Map.of())) {
            String output = processes
                    .submit("demo", "run", settings("run"), "--", "--master", MASTER)
                    .awaitEnd(0);
            SmallDemo.requireComplete(dir.resolve("run").toString(), output);
            assertTrue(output.contains("right after initialisation"), output);
        }
    }

    @Test
    void theDoctorLooksAtExecutorsAndTheirPorts() throws Exception {
        try (ClusterProcesses processes = new ClusterProcesses(dir, Map.of())) {
            String output = processes
                    .submit("doctor", "doctor", settings("run"), "--cluster", "--", "--master", MASTER)
                    .awaitEnd(0);
            assertTrue(output.contains("ok    executors     2 replicas find a slot"), output);
            assertTrue(output.contains("ok    ports         2 tasks reach each other"), output);
            assertTrue(output.contains(" rank 1: OpenBLAS computes with its kernels for "), output);
            assertTrue(output.contains("nothing stands in the way"), output);
        }
    }

    /** A GPU is asked for where none is: one line before anything starts. */
    @Test
    void noGpuIsSaidSo() throws Exception {
        Map<String, String> settings = settings("gpu");
        settings.put("spark.gpus-per-executor", "1");
        Path script = Files.writeString(dir.resolve("none.sh"), "#!/bin/sh\necho no GPU here >&2\nexit 1\n");
        assertTrue(script.toFile().setExecutable(true));
        settings.put("spark.gpu-discovery-script", script.toString());
        try (ClusterProcesses processes = new ClusterProcesses(dir, Map.of())) {
            String output = processes
                    .submit("gpu", "run", settings, "--", "--master", MASTER)
                    .awaitEnd(1);
            assertTrue(
                    output.contains("xecomla run: spark.gpus-per-executor = 1 and no GPU is here: no GPU here"),
                    output);
        }
    }

    /** Spark gives up after ten of them: nobody waits until spark.executor-timeout-seconds are over. */
    @Test
    void executorsThatCannotStartAreSaidAtOnce() throws Exception {
        Map<String, String> broken = settings("broken");
        broken.put(
                "spark.conf.\"spark.executorEnv.JAVA_HOME\"",
                dir.resolve("no-java").toString());
        try (ClusterProcesses processes = new ClusterProcesses(dir, Map.of())) {
            String output = processes
                    .submit("broken", "run", broken, "--", "--master", MASTER)
                    .awaitEnd(1);
            assertTrue(output.contains("xecomla run: Spark has ended the application: look at "), output);
        }
    }
}
