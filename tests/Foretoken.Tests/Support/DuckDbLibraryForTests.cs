using Foretoken.Cli.OpTables;
using Xunit;

namespace Foretoken.Tests.Support;

/// <summary>DuckDB's library is an optional component; tests that need it skip visibly where it was not set up.</summary>
internal static class DuckDbLibraryForTests
{
    public static void Require() => Assert.SkipUnless(DuckDbLibrary.IsThere, "DuckDB is not set up: ./foretoken setup duckdb");
}
