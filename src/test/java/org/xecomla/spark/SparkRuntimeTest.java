package org.xecomla.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What submit/xecomla assembles is the Spark that the project is compiled against. */
class SparkRuntimeTest {
    private static String property(String pom, String name) throws Exception {
        Matcher matcher = Pattern.compile("<" + name + ">([^<]+)<").matcher(Files.readString(Path.of(pom)));
        assertTrue(matcher.find(), name + " in " + pom);
        return matcher.group(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"spark.version", "scala.binary.version", "hadoop.version"})
    void bothPomsNameTheSameVersions(String name) throws Exception {
        assertEquals(property("pom.xml", name), property("submit/spark-runtime/pom.xml", name));
    }

    @Test
    void thisIsThatSpark() throws Exception {
        assertEquals(property("pom.xml", "spark.version"), org.apache.spark.package$.MODULE$.SPARK_VERSION());
    }
}
