package org.xecomla.spark.doctor;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.xecomla.config.ComputeConfig.KernelChoice;
import org.xecomla.config.RunConfig;
import org.xecomla.files.ShardDirectory;
import org.xecomla.linalg.BlasLibrary;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Storage;
import org.xecomla.tensor.engine.Device;
import org.xecomla.tensor.memory.Nd4jMemory;

/** What this process and its machine can do: the driver's, or an executor's. Starts no Spark. */
final class MachineChecks {
    private static final int JAVA = 17;
    private static final String SPARK = "3.5.";
    private static final String SCALA = "2.12.";
    private static final int OWN_FILES = 512; // jars alone are some 250
    private static final double GIBI = 1L << 30;
    private static final Path CGROUP_LIMIT = Path.of("/sys/fs/cgroup/memory.max");
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

    /** What OpenBLAS takes where it does not know the processor: SSE3, a fraction of the speed. */
    private static final Set<String> OLD_CORES =
            Set.of("prescott", "core2", "generic", "nehalem", "katmai", "northwood");

    private MachineChecks() {}

    /** @param need memory outside the heap that this process' tasks take; empty: none, or not known */
    static List<Finding> all(RunConfig config, OptionalLong need) {
        List<Finding> findings = new ArrayList<>();
        findings.add(java());
        findings.add(vectorApi());
        findings.add(guarded("spark", MachineChecks::spark));
        findings.add(guarded("nd4j", MachineChecks::nd4j));
        findings.add(guarded("blas", MachineChecks::blas));
        findings.add(memory(need));
        findings.add(openFiles(
                ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getMaxFileDescriptorCount(),
                config));
        findings.add(guarded("gpu", () -> gpu(config)));
        return findings;
    }

    /** A native library that does not load throws errors of many kinds. */
    private static Finding guarded(String subject, Supplier<Finding> check) {
        try {
            return check.get();
        } catch (Throwable e) { // LinkageErrors among them
            String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
            return Finding.fail(
                    subject,
                    e.getClass().getSimpleName() + ": " + message
                            + "; natives need glibc, and a cache that may be written"
                            + " and executed: set -Dorg.bytedeco.javacpp.cachedir=DIR");
        }
    }

    private static Finding java() {
        int feature = Runtime.version().feature();
        String found = "Java " + Runtime.version() + " in " + System.getProperty("java.home");
        return feature == JAVA
                ? Finding.ok("java", found)
                : Finding.fail("java", found + ", and Java " + JAVA + " is needed: set JAVA_HOME");
    }

    private static Finding vectorApi() {
        boolean there = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        return there
                ? Finding.ok("vector api", "module jdk.incubator.vector is there" + instructions())
                : Finding.warn(
                        "vector api",
                        "the JVM was started without --add-modules jdk.incubator.vector, and computes several times"
                                + " slower: put it into spark.executor.extraJavaOptions and "
                                + "spark.driver.extraJavaOptions");
    }

    private static String instructions() {
        List<String> known = Stream.of("avx2", "avx512f", "avx512_bf16", "amx_bf16")
                .filter(MachineChecks::processorHas)
                .toList();
        return known.isEmpty() ? "" : "; the processor has " + String.join(", ", known);
    }

    private static boolean processorHas(String flag) {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("flags"))
                    .findFirst()
                    .filter(line -> List.of(line.split("\\s+")).contains(flag))
                    .isPresent();
        } catch (IOException e) {
            return false; // not Linux
        }
    }

    private static Finding spark() {
        String version = org.apache.spark.package$.MODULE$.SPARK_VERSION();
        String language = scala.util.Properties$.MODULE$.versionNumberString();
        String found = "Spark " + version + " for Scala " + language;
        return version.startsWith(SPARK) && language.startsWith(SCALA)
                ? Finding.ok("spark", found)
                : Finding.fail(
                        "spark",
                        found + ", and Spark " + SPARK + "x for Scala " + SCALA
                                + "x is needed: set SPARK_HOME to one, or"
                                + " unset it for the runtime that submit/xecomla assembles");
    }

    private static Finding nd4j() {
        try (Storage storage = Nd4jMemory.INSTANCE.zeros(ElementType.FLOAT, 1)) {
            return Finding.ok(
                    "nd4j",
                    "natives load; " + storage.length() + " element lives "
                            + (Nd4jMemory.isOnHost() ? "in the machine's memory" : "on the GPU"));
        }
    }

    private static Finding blas() {
        String core = BlasLibrary.core();
        String found = "OpenBLAS computes with its kernels for " + core;
        if (OLD_CORES.contains(core.toLowerCase(Locale.ROOT)) && processorHas("avx2")) {
            String better = processorHas("avx512f") ? "SkylakeX" : "Haswell";
            return Finding.warn(
                    "blas",
                    found + ", which do not use this processor: set OPENBLAS_CORETYPE=" + better
                            + " in the environment, and spark.executorEnv.OPENBLAS_CORETYPE");
        }
        return Finding.ok("blas", found);
    }

    private static Finding memory(OptionalLong need) {
        long physical = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        long limit = Math.min(physical, cgroupLimit());
        long heap = Runtime.getRuntime().maxMemory();
        long javacpp = Pointer.maxPhysicalBytes();
        String found = String.format(
                Locale.ROOT,
                "%.1f GiB for this process, %.1f GiB of it for the heap%s",
                limit / GIBI,
                heap / GIBI,
                need.isPresent()
                        ? String.format(Locale.ROOT, "; its tasks take %.1f GiB outside it", need.getAsLong() / GIBI)
                        : "");
        if (need.isPresent() && need.getAsLong() + heap > limit) {
            return Finding.fail(
                    "memory",
                    found
                            + ", more than there is: lower distill.replicas, distill.micro-batch-sequences,"
                            + " eval.batch-sequences or the heap");
        }
        if (javacpp > 0 && need.isPresent() && need.getAsLong() > javacpp) {
            return Finding.fail(
                    "memory", found + ", and JavaCPP allows less: set -Dorg.bytedeco.javacpp.maxphysicalbytes=0");
        }
        return Finding.ok("memory", found);
    }

    /** Of the container that this process is in. */
    private static long cgroupLimit() {
        try {
            String limit = Files.readString(CGROUP_LIMIT).strip();
            return limit.equals("max") ? Long.MAX_VALUE : Long.parseLong(limit);
        } catch (IOException | NumberFormatException e) {
            return Long.MAX_VALUE; // not in a container, or not of this kind
        }
    }

    /**
     * What a process holds open: libraries and Spark's connections, and for each replica, which may all be here, its
     * shards, its targets and its links to the others.
     */
    static Finding openFiles(long limit, RunConfig config) {
        int replicas = config.distill().replicas().count();
        long need = OWN_FILES + (long) replicas * (2 * ShardDirectory.MAX_OPEN + 2);
        String found = "a process may hold " + limit + " files open; this run may take " + need + " in one";
        return limit >= need
                ? Finding.ok("open files", found)
                : Finding.fail("open files", found + ": raise the limit (ulimit -n) where Spark's processes start");
    }

    private static Finding gpu(RunConfig config) {
        boolean asked = config.spark().gpusPerExecutor() > 0;
        boolean computes = config.compute().kernels() == KernelChoice.ND4J;
        if (!Device.isGpu()) {
            return asked && computes
                    ? Finding.fail(
                            "gpu",
                            "spark.gpus-per-executor = 1 and this build computes on the processor: set"
                                    + " XECOMLA_MAVEN_FLAGS=-Pcuda")
                    : Finding.ok("gpu", "none is used: this build computes on the processor");
        }
        int count = Device.count();
        if (count == 0) {
            return Finding.fail(
                    "gpu",
                    "this build computes on a GPU and finds none: start it where there is one, or build without "
                            + "-Pcuda");
        }
        Optional<String> obstacle = IntStream.range(0, count)
                .mapToObj(Device::obstacle)
                .flatMap(Optional::stream)
                .findFirst();
        if (obstacle.isPresent()) {
            return Finding.fail("gpu", obstacle.get());
        }
        return Finding.ok("gpu", count + " of them; " + (asked ? "an executor takes one" : "the first one is used"));
    }
}
