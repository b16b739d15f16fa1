package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.spark.driver.TaskKernels;

/** The demo on a master and two workers, each with a core and a GPU that is only said to be there. */
@Tag("cluster")
class StandaloneClusterTest {
    @TempDir
    static Path dir;

    private static ClusterProcesses processes;
    private static String master;

    @BeforeAll
    static void start() throws Exception {
        processes = new ClusterProcesses(
                dir, Map.of("SPARK_LOCAL_IP", ClusterProcesses.LOOPBACK, "SPARK_NO_DAEMONIZE", "1"));
        SmallDemo.writeText(dir);
        // Assembles target/spark, where the scripts are.
        processes
                .submit(
                        "build",
                        "doctor",
                        Map.of("run.dir", dir.resolve("probe").toString()))
                .awaitEnd(0);
        int port = ClusterProcesses.freePort();
        master = "spark://" + ClusterProcesses.LOOPBACK + ":" + port;
        String sparkClass = "target/spark/bin/spark-class";
        ClusterProcesses.Started masterProcess = processes.start(
                "master",
                List.of(
                        sparkClass,
                        "org.apache.spark.deploy.master.Master",
                        "--host",
                        ClusterProcesses.LOOPBACK,
                        "--port",
                        Integer.toString(port),
                        "--webui-port",
                        "0"));
        masterProcess.await("port", () -> listens(port));
        for (int worker = 0; worker < 2; worker++) {
            Path script = dir.resolve("gpu-" + worker + ".sh");
            // Numbers that no machine here has: where they turn up, they came from here.
            Files.writeString(
                    script, "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"" + (4 + worker) + "\"]}'\n");
            assertTrue(script.toFile().setExecutable(true));
            Path conf = dir.resolve("worker-" + worker + ".conf");
            Files.writeString(
                    conf,
                    "spark.worker.resource.gpu.amount 1\nspark.worker.resource.gpu.discoveryScript " + script + "\n");
            processes.start(
                    "worker-" + worker,
                    List.of(
                            sparkClass,
                            "org.apache.spark.deploy.worker.Worker",
                            "--host",
                            ClusterProcesses.LOOPBACK,
                            "--webui-port",
                            "0",
                            "-c",
                            "1",
                            "-m",
                            "1g",
                            "--work-dir",
                            dir.resolve("work-" + worker).toString(),
                            "--properties-file",
                            conf.toString(),
                            master));
        }
    }

    private static boolean listens(int port) {
        try (java.net.Socket socket = new java.net.Socket(ClusterProcesses.LOOPBACK, port)) {
            return socket.isConnected();
        } catch (java.io.IOException e) {
            return false;
        }
    }

    @AfterAll
    static void stop() throws Exception {
        processes.close();
    }

    private static Map<String, String> settings(String run) {
        Map<String, String> settings =
                SmallDemo.settings(dir.resolve(run).toString(), dir.toString(), SmallDemo.model());
        settings.put("spark.master", master);
        settings.put("spark.gpus-per-executor", "1");
        return settings;
    }

    @Test
    void theDemoRunsWithOneGpuForEachExecutor() throws Exception {
        Path events = Files.createDirectories(dir.resolve("events"));
        Map<String, String> settings = settings("run");
        settings.putAll(EventLog.settings(events));
        String output = processes.submit("demo", "run", settings).awaitEnd(0);
        SmallDemo.requireComplete(dir.resolve("run").toString(), output);
        assertTrue(output.contains("reserves GPUs that these compute.kernels do not use"), output);
        requireOneGpuEach(events);
    }

    /**
     * Sharding takes no GPU, the teacher, the replicas and the evaluation take one a task, and each executor has one.
     */
    private static void requireOneGpuEach(Path events) throws Exception {
        Map<Integer, Double> gpusOfProfile = new TreeMap<>();
        Map<String, Set<Integer>> profilesOfStage = new TreeMap<>();
        Set<String> gpus = new HashSet<>();
        for (JsonNode event : EventLog.read(events)) {
            switch (event.path("Event").asText()) {
                case "SparkListenerResourceProfileAdded" ->
                    gpusOfProfile.put(
                            event.path("Resource Profile Id").asInt(),
                            event.path("Task Resource Requests")
                                    .path("gpu")
                                    .path("Amount")
                                    .asDouble(0));
                case "SparkListenerStageSubmitted" -> {
                    String job = event.path("Properties")
                            .path("spark.job.description")
                            .asText();
                    profilesOfStage
                            .computeIfAbsent(job.replaceAll(":.*", ""), stage -> new HashSet<>())
                            .add(event.path("Stage Info")
                                    .path("Resource Profile Id")
                                    .asInt());
                }
                case "SparkListenerExecutorAdded" ->
                    event.path("Executor Info")
                            .path("Resources")
                            .path("gpu")
                            .path("addresses")
                            .forEach(address -> gpus.add(address.asText()));
                default -> {}
            }
        }
        assertEquals(Set.of("4", "5"), gpus);
        assertEquals(Set.of(0), profilesOfStage.get("shard"), profilesOfStage::toString);
        for (String stage : List.of("teacher", "init", "distill", "eval")) {
            Set<Integer> profiles = profilesOfStage.get(stage);
            assertEquals(1, profiles.size(), profilesOfStage::toString);
            int profile = profiles.iterator().next();
            assertNotEquals(0, profile, stage);
            assertEquals(1.0, gpusOfProfile.get(profile), gpusOfProfile::toString);
        }
    }

    /** What {@link TaskKernels} is handed, and with it the kernels' set-up. */
    @Test
    void theDoctorSaysWhichGpuATaskIsGiven() throws Exception {
        String output = processes
                .submit("doctor", "doctor", settings("doctor"), "--cluster")
                .awaitEnd(0);
        assertTrue(output.contains("Spark gives this task GPU 4"), output);
        assertTrue(output.contains("Spark gives this task GPU 5"), output);
        assertTrue(output.contains("ok    ports         2 tasks reach each other"), output);
    }

    /** More GPUs asked for than workers have: said in the time that was set, and the run can be started again. */
    @Test
    void anExecutorThatCannotComeIsSaidSo() throws Exception {
        Map<String, String> settings = settings("never");
        settings.put("spark.executor-timeout-seconds", "15");
        settings.put("spark.conf.spark.executor.resource.gpu.amount", "2");
        String output = processes.submit("never", "run", settings).awaitEnd(1);
        assertTrue(output.contains("no executor that can work on a model within 15 s"), output);
    }
}
