using BenchmarkDotNet.Running;
using Foretoken.Benchmarks;

// What a search finds is no matter of time: a table of its own.
if (args is ["search-quality", ..])
{
    return SearchQuality.Run(args.Length > 1 ? args[1] : "bench/search-quality.yaml");
}

if (args is ["search-functions", ..])
{
    return SearchFunctions.Run(args[1..]);
}

BenchmarkSwitcher.FromAssembly(typeof(SearchQuality).Assembly).Run(args);
return 0;
