package org.xecomla.tensor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.xecomla.config.ComputeConfig;

class ComputeKernelsTest {
    /** Every class of this process anew, but for jars of libtorch. */
    private static URLClassLoader without(String jars) throws Exception {
        String[] entries = System.getProperty("java.class.path").split(File.pathSeparator);
        URL[] left = new URL[entries.length];
        int count = 0;
        for (String entry : entries) {
            Path file = Path.of(entry);
            if (!file.getFileName().toString().matches(jars)) {
                left[count++] = file.toUri().toURL();
            }
        }
        assertTrue(count < entries.length, "no jar is like " + jars);
        return new URLClassLoader(Arrays.copyOf(left, count), ClassLoader.getPlatformClassLoader());
    }

    private static Throwable kernelsOfTorch(String missing) throws Exception {
        try (URLClassLoader loader = without(missing)) {
            Class<?> kernels = loader.loadClass(ComputeKernels.class.getName());
            Class<?> config = loader.loadClass(ComputeConfig.class.getName());
            Class<?> choice = loader.loadClass(ComputeConfig.KernelChoice.class.getName());
            Class<?> precision = loader.loadClass(ComputeConfig.Precision.class.getName());
            Class<?> recompute = loader.loadClass(ComputeConfig.Recompute.class.getName());
            Object compute = config.getConstructors()[0].newInstance(
                    choice.getField("TORCH").get(null),
                    OptionalInt.empty(),
                    precision.getField("FP32").get(null),
                    recompute.getField("NONE").get(null),
                    java.util.OptionalDouble.empty());
            Method of = kernels.getMethod("of", config, int.class);
            return assertThrows(InvocationTargetException.class, () -> of.invoke(null, compute, 1))
                    .getCause();
        }
    }

    @Test
    void aBuildWithoutTheBindingNamesTheProfile() throws Exception {
        Throwable refusal = kernelsOfTorch("pytorch-.*\\.jar");
        assertEquals("UserException", refusal.getClass().getSimpleName(), refusal.toString());
        assertTrue(refusal.getMessage().contains("XECOMLA_MAVEN_FLAGS=-Ptorch"), refusal.getMessage());
    }

    @Test
    void aBuildWithoutTheLibraryNamesTheProfile() throws Exception {
        Throwable refusal = kernelsOfTorch("pytorch-.*-linux-x86_64\\.jar");
        assertEquals("UserException", refusal.getClass().getSimpleName(), refusal.toString());
        assertTrue(refusal.getMessage().contains("XECOMLA_MAVEN_FLAGS=-Ptorch"), refusal.getMessage());
    }
}
