package org.xecomla.spark.chaos;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.xecomla.files.DataFiles;
import org.xecomla.files.FaultOrder;
import org.xecomla.spark.SmallestRun;

/** A small disk with the inputs of runs on it, and the means to start drivers, to mislead and to starve them. */
final class ChaosMachine implements AutoCloseable {
    private static final String DISK_SIZE = "size=48m";
    private static final int BALLAST_BLOCK = 1 << 16;

    private final Path dir;
    private final Path disk;
    private final Path clockLibrary;
    private final Path order;
    private final Set<ChaosKind> possible = EnumSet.allOf(ChaosKind.class);
    private final Map<String, String> settings;
    private final String classPath;
    private int numStarts;

    /** @param dir is empty; takes logs and what is needed beside the disk */
    ChaosMachine(Path dir) throws Exception {
        this.dir = dir;
        this.disk = Files.createDirectories(dir.resolve("disk"));
        this.clockLibrary = dir.resolve("skewed_clock.so");
        this.order = dir.resolve("order");
        if (!runs("mount", "-t", "tmpfs", "-o", DISK_SIZE, "tmpfs", disk.toString())) {
            possible.remove(ChaosKind.DISK_FULL);
        }
        if (!runs("cc", "-shared", "-fPIC", "-o", clockLibrary.toString(), "src/test/native/skewed_clock.c")) {
            possible.remove(ChaosKind.CLOCK_SKEWED);
        }
        if (!runs("unshare", "-pf", "--mount-proc", "true")) {
            possible.remove(ChaosKind.OVERSLEPT);
        }
        this.settings = SmallestRun.in(disk, "");
        settings.put("distill.replica-timeout", "10");
        settings.put("distill.executor-timeout", "300"); // with another number of replicas the result is another
        this.classPath = jars();
    }

    /** Whether a command is there and permitted here. */
    private static boolean runs(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
        } catch (IOException missing) {
            return false;
        }
    }

    /** What this machine permits: full disks take the right to mount, other clocks a C compiler. */
    Set<ChaosKind> possible() {
        return possible;
    }

    Path run(String name) {
        return disk.resolve(name);
    }

    /** Where {@link FaultOrder}s for all processes are given. */
    Path order() {
        return order;
    }

    /** Folders of classes as jars: only what comes from jars is shared from an archive, which halves a JVM's start. */
    private String jars() throws Exception {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path jar = dir.resolve("classes-" + entries.size() + ".jar");
            boolean folder = Files.isDirectory(Path.of(entry));
            if (folder) {
                ToolProvider tool = ToolProvider.findFirst("jar").orElseThrow();
                tool.run(System.out, System.err, "--create", "--file", jar.toString(), "-C", entry, ".");
            }
            entries.add(folder ? jar.toString() : entry);
        }
        return String.join(File.pathSeparator, entries);
    }

    /**
     * Starts a driver of the run called {@code name}.
     *
     * @param executors whether it has two executors that are processes, or works itself
     * @param elsewhere whether it takes itself for on another machine: it knows no other's process
     */
    ChaosDriver start(String name, boolean executors, boolean elsewhere, Map<String, String> others)
            throws IOException {
        int number = numStarts++;
        Path clock = dir.resolve("clock-" + number);
        ChaosDriver.setClock(clock, 0);
        List<String> words = new ArrayList<>();
        if (elsewhere) {
            // The shell is the first process of the new space, and says how the second ended.
            words.addAll(
                    List.of("unshare", "-pf", "--kill-child", "--mount-proc", "sh", "-c", "\"$@\"; exit $?", "sh"));
        }
        words.addAll(jvm());
        words.add("-XX:SharedArchiveFile=" + dir.resolve("classes.jsa"));
        words.add("-Xlog:disable");
        spark(executors).forEach((key, value) -> words.add("-D" + key + "=" + value));
        words.addAll(List.of("-cp", classPath, "org.xecomla.cli.Main", "run"));
        Map<String, String> all = new TreeMap<>(settings);
        all.put("run.dir", run(name).toString());
        all.put("distill.replicas", executors ? "2" : "1");
        all.put("dpo.batch-pairs", executors ? "10" : "5");
        all.putAll(others);
        all.forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        Path log = dir.resolve(name + "-" + number + ".log");
        ProcessBuilder builder =
                new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile());
        Map<String, String> environment = builder.environment();
        environment.put("SPARK_HOME", Path.of("target/spark").toAbsolutePath().toString());
        environment.put("SPARK_SCALA_VERSION", "2.12"); // executors' launcher would look into a build of Spark for it
        environment.put("SPARK_WORKER_DIR", dir.resolve("work").toString());
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
        environment.put("SPARK_LOCAL_HOSTNAME", "localhost");
        if (possible.contains(ChaosKind.CLOCK_SKEWED)) {
            environment.put("LD_PRELOAD", clockLibrary.toString());
            environment.put("CLOCK_OFFSET_FILE", clock.toString());
        }
        return new ChaosDriver(builder.start(), log, clock, elsewhere);
    }

    private List<String> jvm() {
        List<String> words =
                new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow()));
        words.addAll(options().toList());
        words.addAll(List.of("-Xmx600m", "-D" + FaultOrder.PROPERTY + "=" + order));
        return words;
    }

    private static Stream<String> options() {
        Stream<String> own = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add") || option.startsWith("-Djdk."));
        return Stream.concat(own, Stream.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    }

    private Map<String, String> spark(boolean executors) {
        Map<String, String> conf = new TreeMap<>();
        conf.put("spark.ui.enabled", "false");
        conf.put("spark.local.dir", dir.resolve("spark").toString());
        conf.put("spark.master", executors ? "local-cluster[2,1,512]" : "local[1,2]");
        if (executors) {
            conf.put("spark.executor.memory", "512m");
            conf.put("spark.executor.extraClassPath", classPath);
            conf.put(
                    "spark.executor.extraJavaOptions",
                    options().collect(Collectors.joining(" ")) + " -D" + FaultOrder.PROPERTY + "=" + order);
        }
        return conf;
    }

    /** Writes an archive of the classes that a run loads, for the next starts. */
    void archiveClasses() throws Exception {
        Path list = dir.resolve("archive.log");
        List<String> words = jvm();
        words.add("-XX:ArchiveClassesAtExit=" + dir.resolve("classes.jsa"));
        spark(false).forEach((key, value) -> words.add("-D" + key + "=" + value));
        words.addAll(List.of("-cp", classPath, "org.xecomla.cli.Main", "run"));
        settings.forEach((key, value) -> words.addAll(List.of("-D", key + "=" + value)));
        new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(list.toFile())
                .start()
                .waitFor();
    }

    /** Deletes a run. */
    void remove(String name) {
        DataFiles.delete(DataFiles.path(run(name).toString()));
    }

    /** Leaves no room on the disk until the file that is returned has been deleted. */
    Path fill() throws IOException {
        Path ballast = disk.resolve("ballast");
        byte[] block = new byte[BALLAST_BLOCK];
        for (int size = block.length; size > 0; size /= 2) {
            fill(ballast, block, size);
        }
        return ballast;
    }

    private static void fill(Path ballast, byte[] block, int size) {
        try (OutputStream out = Files.newOutputStream(ballast, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (true) {
                out.write(block, 0, size);
            }
        } catch (IOException full) {
            // as was wanted
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (possible.contains(ChaosKind.DISK_FULL)) {
            runs("umount", "-l", disk.toString());
        }
    }
}
