package org.xecomla;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The walls between packages: each uses what stands before it in {@link #FROM_THE_GROUND_UP}, and nothing after it. */
class ArchitectureTest {
    private static final Path SOURCES = Path.of("src/main/java");
    private static final String ROOT = "org.xecomla.";

    /** Files of one folder, that of its sub-folders not counted. */
    private static final int MOST_FILES = 35;

    /** Every package of the project, the lowest first. */
    private static final List<String> FROM_THE_GROUND_UP = List.of(
            "errors",
            "config.model",
            "config",
            "linalg",
            "files",
            "tensor",
            "tensor.memory",
            "tensor.host",
            "tensor.cpu.bf16",
            "tensor.cpu",
            "tensor.nd4j",
            "tensor.torch",
            "tensor.engine",
            "nn.loss",
            "nn",
            "optim",
            "safetensors",
            "averaging",
            "formats.checkpoint",
            "formats.llama",
            "formats.xecomla",
            "formats.official",
            "formats.deepseek",
            "formats.gguf",
            "formats",
            "corpus.text",
            "corpus.tokenizer.library",
            "corpus.tokenizer",
            "corpus.chat.jinja.value",
            "corpus.chat.jinja.library",
            "corpus.chat.jinja.syntax",
            "corpus.chat.jinja",
            "corpus.chat",
            "corpus.shards",
            "corpus.stories",
            "targets",
            "teacher",
            "upcycle.base",
            "upcycle.slots",
            "upcycle.lowrank",
            "upcycle.mha2mla",
            "upcycle",
            "eval",
            "eval.tasks",
            "serve",
            "report",
            "inspect",
            "train.data",
            "train",
            "train.preference",
            "run",
            "estimate",
            "spark.driver",
            "spark.leg",
            "spark.stage",
            "spark.doctor",
            "spark.submit",
            "spark",
            "bench",
            "experiments",
            "cli");

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.xecomla");
    }

    @Test
    void everyFolderHasItsPlace() {
        Set<String> seen = classes.stream().map(ArchitectureTest::place).collect(Collectors.toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(FROM_THE_GROUND_UP), seen, "packages with classes");
        assertTrue(classes.size() > 400, "rules over " + classes.size() + " classes prove nothing");
    }

    @Test
    void nothingUsesWhatStandsAbove() {
        Set<String> upward = new TreeSet<>();
        for (JavaClass origin : classes) {
            for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                JavaClass target = dependency.getTargetClass();
                if (target.getPackageName().startsWith(ROOT) && height(target) > height(origin)) {
                    upward.add(origin.getName() + " uses " + target.getName());
                }
            }
        }
        System.out.println("upward imports: " + upward.size());
        assertEquals(Set.of(), upward);
    }

    @Test
    void thereAreNoCycles() {
        slices().matching("org.xecomla.(**)").should().beFreeOfCycles().check(classes);
        System.out.println("cycles between packages: 0");
    }

    @Test
    void noFolderIsOverfull() throws IOException {
        Map<Path, Long> sizes;
        try (Stream<Path> files = Files.walk(SOURCES)) {
            sizes = files.filter(file -> file.toString().endsWith(".java"))
                    .collect(Collectors.groupingBy(Path::getParent, TreeMap::new, Collectors.counting()));
        }
        assertTrue(sizes.size() >= FROM_THE_GROUND_UP.size(), "saw " + sizes.size() + " folders");
        Path fullest = sizes.keySet().stream()
                .max((a, b) -> Long.compare(sizes.get(a), sizes.get(b)))
                .orElseThrow();
        System.out.println("files of the fullest folder: " + sizes.get(fullest) + ", " + fullest);
        assertTrue(sizes.get(fullest) <= MOST_FILES, fullest + " has " + sizes.get(fullest) + " files");
        for (Path folder : sizes.keySet()) {
            assertTrue(Files.exists(folder.resolve("package-info.java")), folder + " has no package-info.java");
        }
    }

    @Test
    void onlySparkAndBenchImportSpark() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.xecomla.spark..", "org.xecomla.bench..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.spark..")
                .check(classes);
    }

    @Test
    void onlyTorchKernelsImportLibtorch() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.xecomla.tensor.torch")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.pytorch..")
                .check(classes);
    }

    @Test
    void onlyTheCommandLineSpeaksToTheConsole() {
        noClasses()
                .that()
                .resideOutsideOfPackages("org.xecomla.cli..", "org.xecomla.spark.submit..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(classes);
    }

    private static String place(JavaClass type) {
        return type.getPackageName().substring(ROOT.length());
    }

    private static int height(JavaClass type) {
        return FROM_THE_GROUND_UP.indexOf(place(type));
    }
}
