using System.Text;
using Foretoken.Quantities;
using Foretoken.Tuning.Studies;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Twin.Scenarios.Model;

namespace Foretoken.Cli.Scenarios;

/// <summary>A scenario read from a file, options applied, validated.</summary>
/// <param name="Path">The file as the user named it.</param>
/// <param name="Model">The validated scenario.</param>
/// <param name="Bound">Every value with where it came from.</param>
public sealed record ScenarioFile(string Path, ScenarioModel Model, Bound Bound)
{
    private const long MaxBytes = 16 << 20;

    /// <summary>Reads and validates a scenario file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Changes from the command line, applied in order.</param>
    /// <exception cref="InputException">It cannot be used; carries every problem.</exception>
    public static ScenarioFile Load(string path, ScenarioOverrides? overrides = null)
    {
        var document = YamlDocument.Parse(ReadText(path), path);
        // What a study may change is another command's business.
        (_, document) = StudyResolver.Divide(overrides?.Apply(document) ?? document);
        var (model, bound) = ScenarioResolver.Resolve(document, path, System.IO.Path.GetFileNameWithoutExtension(path), ScenarioLibrary.For(path, document));
        return new ScenarioFile(path, model, bound);
    }

    /// <summary>A path that was written in the scenario or on the command line, as a path that can be opened.</summary>
    public string Locate(string written, Origin origin) => Locate(Path, written, origin);

    /// <summary>The same for a scenario file that is still being read.</summary>
    internal static string Locate(string scenario, string written, Origin origin)
    {
        if (!origin.IsFile || System.IO.Path.IsPathRooted(written))
        {
            return written;
        }

        return System.IO.Path.GetDirectoryName(scenario) is { Length: > 0 } folder ? System.IO.Path.Combine(folder, written) : written;
    }

    /// <summary>Reads the text of a YAML file.</summary>
    /// <exception cref="InputException">It cannot be read, or is no text.</exception>
    internal static string ReadText(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw new InputException(path, "is a directory", Candidates(path) is { Length: > 0 } found ? $"name a scenario file in it, such as {found}" : "name a scenario file");
            }

            var file = new FileInfo(path);
            if (!file.Exists)
            {
                throw new InputException(path, "there is no such file", Nearest(path));
            }

            if (file.Length > MaxBytes)
            {
                throw new InputException(path, $"is {file.Length} bytes long", "a scenario file is text of at most 16 MiB; is this a trace? Then: --trace FILE");
            }

            var bytes = File.ReadAllBytes(path);
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(SkipMark(bytes));
        }
        catch (DecoderFallbackException)
        {
            throw new InputException(path, "is not text in UTF-8", "a scenario file is YAML; is this a trace? Then: --trace FILE");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException(path, $"cannot be read: {e.Message}");
        }
    }

    private static ReadOnlySpan<byte> SkipMark(byte[] bytes) => bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes;

    private static string Candidates(string folder) =>
        string.Join(", ", Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Take(3));

    private static string? Nearest(string path)
    {
        var folder = System.IO.Path.GetDirectoryName(path);
        folder = string.IsNullOrEmpty(folder) ? "." : folder;
        if (!Directory.Exists(folder))
        {
            return $"the folder {folder} does not exist either";
        }

        var names = Directory.EnumerateFiles(folder).Select(f => System.IO.Path.GetFileName(f)).Where(f => f.EndsWith(".yaml", StringComparison.Ordinal) || f.EndsWith(".yml", StringComparison.Ordinal));
        return NearestName.Find(System.IO.Path.GetFileName(path), names.Order(StringComparer.Ordinal)) is { } name
            ? $"did you mean {System.IO.Path.Combine(folder, name)}?"
            : null;
    }
}
