package org.xecomla;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The walls between packages: each uses rows below its own, nothing beside or above. */
class ArchitectureTest {
    private static final List<List<String>> ROWS = List.of(
            List.of("cli"),
            List.of("spark"),
            List.of("train", "teacher", "upcycle", "eval", "serve", "report"),
            List.of("nn", "optim", "corpus", "targets", "checkpoint"),
            List.of("tensor", "files"),
            List.of("config"));

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("org.xecomla");
    }

    @Test
    void sawTheProject() {
        assertTrue(classes.size() > 100, "rules over " + classes.size() + " classes prove nothing");
    }

    @Test
    void packagesUseOnlyTheRowsBelow() {
        LayeredArchitecture rule = layeredArchitecture().consideringOnlyDependenciesInLayers();
        for (List<String> row : ROWS) {
            for (String name : row) {
                rule = rule.layer(name).definedBy("org.xecomla." + name + "..");
            }
        }
        List<String> above = new ArrayList<>();
        for (List<String> row : ROWS) {
            for (String name : row) {
                rule = above.isEmpty()
                        ? rule.whereLayer(name).mayNotBeAccessedByAnyLayer()
                        : rule.whereLayer(name).mayOnlyBeAccessedByLayers(above.toArray(String[]::new));
            }
            above.addAll(row);
        }
        rule.check(classes);
    }

    @Test
    void thereAreNoCycles() {
        slices().matching("org.xecomla.(*)..").should().beFreeOfCycles().check(classes);
    }

    @Test
    void onlySparkImportsSpark() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.xecomla.spark..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.spark..")
                .check(classes);
    }

    @Test
    void onlyCliSpeaksToTheConsole() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.xecomla.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .check(classes);
    }
}
