package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RunLease;
import org.xecomla.files.StageDirectory;
import org.xecomla.run.RunLayout;

/** Everything on {@code s3a://}: model, text, runs, and the lease that keeps two drivers apart. */
@Tag("s3")
class ObjectStoreTest {
    private static final String BUCKET = "s3a://bucket";
    private static final String KEY = "reader";
    private static final String SECRET = "of-the-test";
    private static final String HADOOP = "spark.hadoop.";

    @TempDir
    static Path dir;

    private static ClusterProcesses processes;
    private static Map<String, String> store; // what Hadoop is told

    @BeforeAll
    static void start() throws Exception {
        // As on Amazon's machines: who it is comes from the process's surroundings, where the store is by Spark.
        processes = new ClusterProcesses(
                dir, Map.of("AWS_ACCESS_KEY_ID", KEY, "AWS_SECRET_ACCESS_KEY", SECRET, "XECOMLA_MAVEN_FLAGS", "-Ps3"));
        ClusterProcesses.Started proxy = processes.startSource("s3", "S3Store.java", "-Xmx1g");
        proxy.await("port", () -> Files.exists(dir.resolve("port")));
        store = Map.of(
                "fs.s3a.endpoint",
                "http://127.0.0.1:" + Files.readString(dir.resolve("port")),
                "fs.s3a.endpoint.region",
                "eu-central-1",
                "fs.s3a.path.style.access",
                "true",
                "fs.s3a.connection.ssl.enabled",
                "false");
        Map<String, String> here = new HashMap<>(store);
        here.putAll(Map.of("fs.s3a.access.key", KEY, "fs.s3a.secret.key", SECRET));
        here.forEach((key, value) -> System.setProperty(HADOOP + key, value));
        SmallDemo.writeText(dir);
        put(Path.of("conf/demo/model"), "/demo/model");
        put(dir.resolve("train.jsonl"), "/demo/train.jsonl");
        put(dir.resolve("valid.jsonl"), "/demo/valid.jsonl");
    }

    @AfterAll
    static void stop() {
        System.getProperties().keySet().removeIf(key -> key.toString().startsWith(HADOOP));
        processes.close();
    }

    private static void put(Path from, String to) throws Exception {
        if (Files.isDirectory(from)) {
            try (Stream<Path> all = Files.list(from)) {
                for (Path file : all.toList()) {
                    put(file, to + "/" + file.getFileName());
                }
            }
        } else {
            DataFiles.copy(DataFiles.path(from.toString()), DataFiles.path(BUCKET + to));
        }
    }

    private static Map<String, String> settings(String run) {
        Map<String, String> settings =
                SmallDemo.settings(BUCKET + "/runs/" + run, BUCKET + "/demo", BUCKET + "/demo/model");
        store.forEach((key, value) -> settings.put("spark.conf.\"" + HADOOP + key + "\"", value));
        return settings;
    }

    private static ClusterProcesses.Started submit(String name, String run, String master) throws Exception {
        return processes.submit(name, "run", settings(run), "--", "--master", master);
    }

    /** All that a run left, and what it is: name from the run's directory, digest. */
    private static Map<String, String> digests(org.apache.hadoop.fs.Path directory) {
        Map<String, String> digests = new HashMap<>();
        for (org.apache.hadoop.fs.Path file : DataFiles.list(directory)) {
            assertFalse(file.getName().endsWith(".tmp"), file::toString);
            if (DataFiles.isDirectory(file)) {
                digests.putAll(digests(file));
            } else {
                digests.put(file.getParent().getName() + "/" + file.getName(), DataFiles.sha256(file));
            }
        }
        return digests;
    }

    private static RunLayout layout(String run) {
        return new RunLayout(DataFiles.path(BUCKET + "/runs/" + run));
    }

    /** On executors of their own; again; and killed where only a checkpoint is left: the same weights and moments. */
    @Test
    void theDemoRunsAgainAndAfterAKill() throws Exception {
        String executors = "local-cluster[2,1,1024]";
        String output = submit("demo", "run", executors).awaitEnd(0);
        SmallDemo.requireComplete(BUCKET + "/runs/run", output);
        assertTrue(output.contains("right after initialisation"), output);
        assertFalse(output.contains(" WARN "), output); // Java itself warns of the incubator module
        String again = submit("again", "run", executors).awaitEnd(0);
        assertTrue(again.contains("kept "), again);

        ClusterProcesses.Started killed = submit("killed", "killed", "local[2]");
        killed.await("checkpoint", () -> new StageDirectory(checkpoint("killed", "step-000004")).isComplete());
        killed.process().descendants().forEach(ProcessHandle::destroyForcibly);
        killed.process().destroyForcibly().waitFor();
        String resumed = submit("resumed", "killed", "local[2]").awaitEnd(0);
        assertTrue(resumed.contains("goes on from step "), resumed);
        String last = "step-00000" + SmallDemo.STEPS;
        Map<String, String> whole = digests(checkpoint("run", last));
        assertTrue(whole.size() > 2, whole::toString);
        assertEquals(whole, digests(checkpoint("killed", last)));
    }

    private static org.apache.hadoop.fs.Path checkpoint(String run, String step) {
        return new org.apache.hadoop.fs.Path(layout(run).distill().path(), step);
    }

    @Test
    void ofFourDriversAtOnceOneHoldsTheRun() throws Exception {
        ExecutorService drivers = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 10; round++) {
                org.apache.hadoop.fs.Path run = DataFiles.path(BUCKET + "/runs/race-" + round);
                CyclicBarrier start = new CyclicBarrier(4);
                Callable<Boolean> driver = () -> holds(run, start);
                List<Boolean> held = new ArrayList<>();
                for (Future<Boolean> one : drivers.invokeAll(List.of(driver, driver, driver, driver))) {
                    held.add(one.get());
                }
                assertEquals(1, held.stream().filter(one -> one).count(), held::toString);
            }
        } finally {
            drivers.shutdownNow();
        }
    }

    /** Comes when all others do, and stays until all have been answered. */
    private static boolean holds(org.apache.hadoop.fs.Path run, CyclicBarrier all) throws Exception {
        all.await(1, TimeUnit.MINUTES);
        try (RunLease lease = RunLease.acquire(run, Duration.ofMinutes(5), line -> {}, () -> {}, () -> {})) {
            lease.requireHeld();
            all.await(1, TimeUnit.MINUTES);
            return true;
        } catch (UserException refused) {
            all.await(1, TimeUnit.MINUTES);
            return false;
        }
    }
}
