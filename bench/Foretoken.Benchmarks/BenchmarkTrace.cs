using Foretoken.Workloads.Traces;

namespace Foretoken.Benchmarks;

/// <summary>The Mooncake conversation trace that the speed targets are set on.</summary>
internal static class BenchmarkTrace
{
    /// <summary>Path of the trace: <c>FORETOKEN_DATA</c>/traces, or a shared/data folder above the working directory.</summary>
    public static string Path { get; } = Find();

    /// <summary>Reads and prepares it.</summary>
    public static Trace Load()
    {
        using var reader = TraceFiles.Open(Path, new TraceReadOptions());
        return TraceLoader.Load(reader);
    }

    private static string Find()
    {
        const string name = "traces/mooncake_conversation.jsonl.gz";
        var roots = new List<string>();
        if (Environment.GetEnvironmentVariable("FORETOKEN_DATA") is { Length: > 0 } named)
        {
            roots.Add(named);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            roots.Add(System.IO.Path.Combine(folder.FullName, "shared", "data"));
        }

        return roots.Select(r => System.IO.Path.Combine(r, name)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{name} was not found; set FORETOKEN_DATA to the folder that holds traces/");
    }
}
