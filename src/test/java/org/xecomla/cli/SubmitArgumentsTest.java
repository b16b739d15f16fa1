package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xecomla.config.RunConfig;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.spark.submit.SubmitArguments;
import org.xecomla.spark.submit.SubmitConf;
import picocli.CommandLine;

class SubmitArgumentsTest {
    @TempDir
    Path dir;

    @BeforeEach
    void makeFiles() throws Exception {
        Files.writeString(dir.resolve("run.conf"), """
            spark { master = "local[2]", driver-memory = 3g, conf { "spark.executor.heartbeatInterval" = 1s } }
            """);
    }

    private List<String> arguments(String... words) {
        return submitted(words).words();
    }

    /** As {@code submit/xecomla} has the command line read. */
    private SubmitArguments submitted(String... words) {
        List<String> all = List.of(words);
        int split = all.indexOf("--");
        CommandLine.ParseResult parsed =
                Main.commandLine().parseArgs(all.subList(0, split).toArray(String[]::new));
        SubmitConf.Application application =
                new SubmitConf.Application("app.jar", List.of(dir + "/lib/a.jar", dir + "/lib/b.jar"), ".");
        return new SubmitArguments(
                Submit.command(parsed).config(),
                application,
                all.subList(split + 1, all.size()),
                Map.of("SPARK_HOME", dir.toString()));
    }

    private static String after(String flag, List<String> arguments) {
        return arguments.get(arguments.lastIndexOf(flag) + 1);
    }

    @Test
    void theConfigurationDecides() {
        List<String> out = arguments("run", "--conf", dir.resolve("run.conf").toString(), "--");
        assertEquals("local[2]", after("--master", out));
        assertEquals("client", after("--deploy-mode", out));
        assertEquals("3g", after("--driver-memory", out));
        assertTrue(out.contains("spark.executor.heartbeatInterval=1s"), "spark.conf goes before our own settings");
        assertFalse(out.contains("--jars"), "nothing travels on one machine");
        assertTrue(out.contains("spark.driver.extraClassPath=app.jar:" + dir + "/lib/a.jar:" + dir + "/lib/b.jar"));
    }

    /** What {@code ps} shows to everybody; what else spark-submit would have read is in the file, too. */
    @Test
    void secretsAreNoArguments() throws Exception {
        Files.writeString(dir.resolve("secret.conf"), """
            spark {
              master = yarn, deploy-mode = cluster
              conf { "spark.hadoop.fs.s3a.secret.key" = "a b\\\\c", "fs.azure.account.key.x" = HIDDEN }
              conf { "spark.ui.port" = 1 }
            }
            """);
        Files.createDirectories(dir.resolve("conf"));
        Files.writeString(
                dir.resolve("conf/spark-defaults.conf"),
                "spark.eventLog.enabled true\nfs.azure.account.key.x OTHER\nspark.ssl.keyPassword DEFAULT\n");
        SubmitArguments submitted = submitted(
                "run",
                "--conf=" + dir.resolve("secret.conf"),
                "--",
                "--conf=spark.authenticate.secret=FLAG",
                "-c",
                "spark.io.encryption.key=FLAG",
                "--queue",
                "q");
        Map<String, String> secrets = submitted.secrets();
        assertEquals("HIDDEN", secrets.get("fs.azure.account.key.x"));
        assertEquals("FLAG", secrets.get("spark.authenticate.secret"));
        assertTrue(secrets.get(SubmitConf.CONFIGURATION).contains("HIDDEN"));
        List<String> words = submitted.wordsWithSecretsIn("/dev/fd/8");
        assertEquals(List.of("--properties-file", "/dev/fd/8"), words.subList(0, 2));
        assertFalse(words.stream().anyMatch(word -> word.matches("(?s).*(HIDDEN|FLAG|a b).*")), words.toString());
        assertTrue(words.contains("spark.ui.port=1") && words.contains("--queue"), words.toString());
        Properties read = new Properties();
        read.load(new StringReader(String.join("\n", submitted.properties(secrets))));
        assertEquals("a b\\c", read.getProperty("spark.hadoop.fs.s3a.secret.key"));
        assertEquals("HIDDEN", read.getProperty("fs.azure.account.key.x"));
        assertEquals("true", read.getProperty("spark.eventLog.enabled"));
        assertEquals("DEFAULT", read.getProperty("spark.ssl.keyPassword"));
    }

    @Test
    void overridesAndFlagsGoBeforeIt() {
        String conf = "--conf=" + dir.resolve("run.conf");
        List<String> out = arguments("run", conf, "-Dspark.driver-memory=5g", "-D", "run.seed=1", "--");
        assertEquals("5g", after("--driver-memory", out));
        out = arguments("run", conf, "--", "--master", "yarn", "--num-executors", "7");
        assertEquals("yarn", after("--master", out));
        assertEquals("7", after("--num-executors", out));
        assertEquals(dir + "/lib/a.jar," + dir + "/lib/b.jar", after("--jars", out));
    }

    @Test
    void aDriverElsewhereIsSentTheConfiguration() {
        String conf = "--conf=" + dir.resolve("run.conf");
        assertTrue(sent(arguments("run", conf, "--")).isEmpty());
        List<String> out =
                arguments("run", conf, "-D", "run.seed=8", "--", "--master", "yarn", "--deploy-mode", "cluster");
        RunConfig there = RunConfig.ofJson(sent(out).orElseThrow(), Map.of());
        assertEquals(8, there.run().seed());
        assertEquals("3g", there.spark().driverMemory().orElseThrow());
        assertEquals(RunConfig.load(dir.resolve("run.conf").toString(), Map.of("run.seed", "8")), there);
        assertTrue(sent(arguments("run", conf, "-Dspark.deploy-mode=cluster", "--"))
                .isPresent());
    }

    private static Optional<String> sent(List<String> arguments) {
        String prefix = SubmitConf.CONFIGURATION + "=";
        return arguments.stream()
                .filter(argument -> argument.startsWith(prefix))
                .map(argument -> argument.substring(prefix.length()))
                .findFirst();
    }

    @Test
    void withoutAMasterSparksOwnDefaultsDecide() throws Exception {
        assertEquals("local[*]", after("--master", arguments("shard", "--")));
        Files.createDirectory(dir.resolve("conf"));
        Files.writeString(dir.resolve("conf/spark-defaults.conf"), "# ours\nspark.master   spark://host:7077\n");
        assertEquals("spark://host:7077", after("--master", arguments("shard", "--")));
    }

    @Test
    void whatCannotBeRightEndsHere() {
        assertThrows(UserException.class, () -> arguments("run", "--conf", "missing.conf", "--"));
        assertThrows(UserException.class, () -> arguments("run", "--", "--master", "nonsense"));
        assertThrows(CommandLine.ParameterException.class, () -> arguments("run", "-Dspark.driver-memory", "--"));
        assertThrows(UserException.class, () -> arguments("run", "-Dspark.drivermemory=1g", "--"));
    }

    private static List<String> conf(List<String> arguments, String prefix) {
        return arguments.stream().filter(a -> a.startsWith(prefix)).sorted().toList();
    }

    private static final String ONE_GPU = "-Dspark.gpus-per-executor=1";

    @Test
    void anExecutorGetsOneGpuAndMostTasksNone() {
        String conf = "--conf=" + dir.resolve("run.conf");
        List<String> none = arguments("run", conf, "--", "--master", "yarn");
        assertEquals(List.of(), conf(none, "spark.executor.resource"));
        List<String> yarn = arguments("run", conf, ONE_GPU, "--", "--master", "yarn");
        assertEquals(
                List.of(
                        "spark.executor.resource.gpu.amount=1",
                        "spark.executor.resource.gpu.discoveryScript=./gpu-discovery.sh"),
                conf(yarn, "spark.executor.resource"));
        assertTrue(yarn.contains("spark.task.resource.gpu.amount=0"), yarn::toString);
        assertTrue(yarn.contains("spark.yarn.dist.files=./submit/gpu-discovery.sh"), yarn::toString);
        List<String> own =
                arguments("run", conf, ONE_GPU, "-Dspark.gpu-discovery-script=/opt/g.sh", "--", "--master", "yarn");
        assertTrue(own.contains("spark.executor.resource.gpu.discoveryScript=/opt/g.sh"), own::toString);
        assertEquals(List.of(), conf(own, "spark.yarn.dist.files"));
    }

    /**
     * A scheduler's spark-submit is told the same, and the driver the same configuration, but for what its task sets.
     */
    @Test
    void aPropertiesFileSaysTheSame() throws Exception {
        String conf = "--conf=" + dir.resolve("run.conf");
        List<String> lines = submitted(
                        "properties", conf, "-Dcorpus.text-key=a \"quoted\" \\\\ key", "-Dspark.master=yarn", "--")
                .properties();
        java.util.Properties read = new java.util.Properties();
        read.load(new java.io.StringReader(String.join("\n", lines)));
        assertEquals("yarn", read.getProperty("spark.master"));
        assertEquals("client", read.getProperty("spark.submit.deployMode"));
        assertEquals("3g", read.getProperty("spark.driver.memory"));
        assertEquals(dir + "/lib/a.jar," + dir + "/lib/b.jar", read.getProperty("spark.jars"));
        assertTrue(lines.contains("# application: app.jar"), lines::toString);
        RunConfig there =
                RunConfig.ofJson(read.getProperty(SubmitConf.CONFIGURATION), Map.of("run.dir", "/runs/scheduled"));
        assertEquals("a \"quoted\" \\\\ key", there.corpus().textKey());
        assertEquals("/runs/scheduled", there.run().dir());
    }

    @Test
    void kubernetesFindsTheApplicationInItsImage() {
        String conf = "--conf=" + dir.resolve("run.conf");
        List<String> out =
                arguments("run", conf, ONE_GPU, "-Dspark.deploy-mode=cluster", "--", "--master", "k8s://http://host:1");
        assertEquals("local:///opt/xecomla/xecomla-spark.jar", out.get(out.size() - 1));
        assertFalse(out.contains("--jars"), out::toString);
        assertTrue(out.contains("spark.executor.extraClassPath=/opt/xecomla/lib/*"), out::toString);
        assertTrue(out.contains("spark.executor.resource.gpu.vendor=nvidia.com"), out::toString);
        List<String> here = arguments("run", conf, "--", "--master", "k8s://http://host:1");
        assertEquals("app.jar", here.get(here.size() - 1), "a driver on this machine has no image");
        assertTrue(
                here.contains("spark.driver.extraClassPath=" + dir + "/lib/a.jar:" + dir + "/lib/b.jar"),
                here::toString);
        assertTrue(here.contains("spark.executor.extraClassPath=/opt/xecomla/lib/*"), here::toString);
    }

    @Test
    void memoryBesideTheHeapFollowsFromTheModels() {
        String[] paper = {
            "run",
            "--conf=conf/llama3.2-1b-8b-teacher.conf",
            "-Dbase.path=conf/shapes/Llama-3.2-1B-Instruct",
            "-Dteacher.path=conf/shapes/Llama-3.1-8B-Instruct",
            "--"
        };
        List<String> overhead = conf(arguments(paper), "spark.executor.memoryOverhead=");
        assertEquals(1, overhead.size(), overhead::toString);
        int mebibytes = Integer.parseInt(overhead.get(0).replaceAll("\\D", ""));
        assertTrue(mebibytes > 80 << 10 && mebibytes < 100 << 10, overhead::toString);
        List<String> driver = conf(arguments(paper), "spark.driver.memoryOverhead=");
        assertEquals(
                List.of("spark.driver.memoryOverhead=5530m"), driver, "4.6 GiB of weights to export, and a JVM of 8g");
        String given = "-Dspark.executor-memory-overhead=7g";
        assertEquals(
                List.of("spark.executor.memoryOverhead=7g"),
                conf(arguments("run", "-Dspark.master=yarn", given, "--"), "spark.executor.memoryOverhead="));
        assertEquals(
                List.of(),
                conf(
                        arguments("run", "-Dspark.master=yarn", "-Dbase.path=/nowhere", "--"),
                        "spark.executor.memoryOverhead="));
    }

    private static boolean isSubmitted(String... words) {
        return Submit.isSubmitted(Main.commandLine().parseArgs(words));
    }

    @Test
    void helpAndPlainCommandsNeedNoCluster() {
        assertTrue(isSubmitted("run", "-D", "run.dir=a -h b"));
        assertFalse(isSubmitted("run", "-h"));
        assertFalse(isSubmitted("run", "--help", "-D", "run.dir=a"));
        assertFalse(isSubmitted("report", "runs/a"));
        assertTrue(isSubmitted("doctor", "--cluster"));
        assertFalse(isSubmitted("doctor"));
        assertFalse(isSubmitted("--version"));
    }

    /** A value stays one word, whatever is in it. */
    @Test
    void wordsArePassedAsTheyAre() throws Exception {
        String odd = "-XX:A=1\n--conf\nspark.evil=1 \"quoted\" $(x) @file";
        List<String> out = arguments(
                "run", "--conf=" + dir.resolve("run.conf"), "-Dspark.conf.spark.odd=" + odd, "-Drun.dir=@" + dir, "--");
        assertTrue(out.contains("spark.odd=" + odd), out::toString);
        assertFalse(out.contains("spark.evil=1"), out::toString);
        List<String> lines =
                submitted("properties", "-Dspark.conf.spark.odd=" + odd, "--").properties();
        java.util.Properties read = new java.util.Properties();
        read.load(new java.io.StringReader(String.join("\n", lines)));
        assertEquals(odd, read.getProperty("spark.odd"));
    }

    /** What Spark takes apart again to start an executor's JVM. */
    @Test
    void aDirectoryWithQuotationMarksIsOneOption() {
        String odd = "/a \"b\" -XX:+X \\ 'c'";
        String before = System.setProperty(DataFiles.DIRECTORY, odd);
        try {
            String prefix = "spark.executor.extraJavaOptions=";
            String options = arguments("run", "-Dspark.master=local[2]", "--").stream()
                    .filter(word -> word.startsWith(prefix))
                    .findFirst()
                    .orElseThrow();
            scala.collection.Seq<String> words =
                    org.apache.spark.util.Utils.splitCommandString(options.substring(prefix.length()));
            assertEquals("-D" + DataFiles.DIRECTORY + "=" + Path.of(odd), words.last());
        } finally {
            if (before == null) {
                System.clearProperty(DataFiles.DIRECTORY);
            } else {
                System.setProperty(DataFiles.DIRECTORY, before);
            }
        }
    }

    /** {@code submit/xecomla} reads this list before it starts any Java. */
    @Test
    void theScriptKnowsWhichCommandsWantACluster() throws Exception {
        List<String> expected = new ArrayList<>();
        Main.commandLine().getSubcommands().forEach((name, line) -> {
            if (line.getCommandSpec().userObject() instanceof ConfiguredCommand command && command.isOnCluster()) {
                expected.add(name);
            }
        });
        expected.add("doctor --cluster");
        assertEquals(
                expected.stream().sorted().toList(),
                Files.readAllLines(Path.of("submit/cluster-commands")).stream()
                        .sorted()
                        .toList());
    }
}
