package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo on YARN, its inputs and its output on HDFS, the driver here and there. */
@Tag("cluster")
class YarnClusterTest {
    @TempDir
    static Path dir;

    private static ClusterProcesses processes;
    private static String hdfs;

    @BeforeAll
    static void start() throws Exception {
        processes = new ClusterProcesses(
                dir,
                Map.of(
                        "SPARK_LOCAL_IP",
                        ClusterProcesses.LOOPBACK,
                        "SPARK_LOCAL_HOSTNAME",
                        "localhost",
                        "HADOOP_CONF_DIR",
                        dir.resolve("conf").toString()));
        ClusterProcesses.Started cluster = processes.startSource(
                "hadoop", "MiniHadoop.java", "-Xmx1g", "--add-opens=java.base/java.lang=ALL-UNNAMED");
        // Assembles target/spark meanwhile.
        processes
                .submit(
                        "build",
                        "doctor",
                        Map.of("run.dir", dir.resolve("probe").toString()))
                .awaitEnd(0);
        cluster.await("ready", () -> Files.exists(dir.resolve("ready")));
        Configuration conf = new Configuration(false);
        conf.addResource(
                new org.apache.hadoop.fs.Path(dir.resolve("conf/core-site.xml").toUri()));
        hdfs = conf.get("fs.defaultFS");
        SmallDemo.writeText(dir);
        try (FileSystem files = FileSystem.newInstance(new java.net.URI(hdfs), conf)) {
            put(files, Path.of("conf/demo/model"), "/demo/model");
            put(files, dir.resolve("train.jsonl"), "/demo/train.jsonl");
            put(files, dir.resolve("valid.jsonl"), "/demo/valid.jsonl");
            put(files, Path.of("target/spark/jars"), "/spark/jars");
        }
    }

    private static void put(FileSystem files, Path from, String to) throws Exception {
        if (!Files.isDirectory(from)) {
            files.copyFromLocalFile(new org.apache.hadoop.fs.Path(from.toUri()), new org.apache.hadoop.fs.Path(to));
            return;
        }
        try (Stream<Path> all = Files.list(from)) {
            for (Path file : all.toList()) {
                put(files, file, to + "/" + file.getFileName());
            }
        }
    }

    @AfterAll
    static void stop() throws Exception {
        processes.close();
    }

    private static Map<String, String> settings(String run) {
        Map<String, String> settings = SmallDemo.settings(hdfs + "/runs/" + run, hdfs + "/demo", hdfs + "/demo/model");
        settings.put("spark.master", "yarn");
        settings.put("spark.conf.spark.yarn.jars", hdfs + "/spark/jars/*.jar");
        settings.put("spark.conf.spark.yarn.submit.waitAppCompletion", "true");
        return settings;
    }

    @Test
    void theDemoRunsInClientMode() throws Exception {
        String output = processes.submit("client", "run", settings("client")).awaitEnd(0);
        SmallDemo.requireComplete(hdfs + "/runs/client", output);
        assertTrue(output.contains("right after initialisation"), output);
        // The same command again: everything is there.
        String again = processes.submit("again", "run", settings("client")).awaitEnd(0);
        assertTrue(again.contains("kept "), again);
    }

    @Test
    void theDemoRunsInClusterMode() throws Exception {
        Map<String, String> settings = settings("cluster");
        settings.put("spark.deploy-mode", "cluster");
        String output = processes.submit("cluster", "run", settings).awaitEnd(0);
        SmallDemo.requireComplete(hdfs + "/runs/cluster", output);
        assertTrue(
                output.matches("(?s).*application_[0-9]+_[0-9]+.*"), "Airflow reads the application's id: " + output);
    }

    /** In YARN's cluster mode a failure is told by an exception, and spark-submit by its exit code. */
    @Test
    void aRunThatCannotBeFailsInClusterModeToo() throws Exception {
        Map<String, String> settings = settings("wrong");
        settings.put("spark.deploy-mode", "cluster");
        settings.put("corpus.valid", "[\"" + hdfs + "/demo/nothing.jsonl\"]");
        processes.submit("wrong", "run", settings).awaitEnd(1);
    }
}
