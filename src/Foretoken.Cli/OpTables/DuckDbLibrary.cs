using System.Runtime.InteropServices;
using Foretoken.Quantities;

namespace Foretoken.Cli.OpTables;

/// <summary>Finds DuckDB's C library, an optional component: <c>./foretoken setup duckdb</c> brings it.</summary>
internal static class DuckDbLibrary
{
    /// <summary>Name under which it is imported.</summary>
    public const string Name = "duckdb";

    /// <summary>Names the library's file where it lies elsewhere.</summary>
    public const string Variable = "FORETOKEN_DUCKDB";

    // From a program in a checkout's artifacts (app/ or bin/PROJECT/release/) up to artifacts/duckdb.
    private const int Levels = 4;

    private static readonly Lazy<nint> Handle = new(Load);

    /// <summary>Whether it is there.</summary>
    public static bool IsThere => Handle.Value != 0;

    /// <summary>Makes sure that it is there.</summary>
    /// <exception cref="InputException">It is not.</exception>
    public static void Require(string place)
    {
        if (!IsThere && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            throw new InputException(place, $"reading parquet needs DuckDB's library; {Variable} names {named}, which cannot be loaded", "the path of a libduckdb.so for this machine");
        }

        if (!IsThere)
        {
            throw new InputException(place, "reading parquet needs DuckDB's library, which is not set up", $"./foretoken setup duckdb brings it; one of your own: {Variable}=/path/to/libduckdb.so");
        }
    }

    private static nint Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(DuckDbLibrary).Assembly, static (name, _, _) => name == Name ? Handle.Value : 0);
        var file = OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return NativeLibrary.TryLoad(named, out var own) ? own : 0;
        }

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        for (var i = 0; i < Levels && folder is not null; i++, folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, "duckdb", file);
            if (File.Exists(path) && NativeLibrary.TryLoad(path, out var found))
            {
                return found;
            }
        }

        return NativeLibrary.TryLoad(file, out var installed) ? installed : 0;
    }
}
