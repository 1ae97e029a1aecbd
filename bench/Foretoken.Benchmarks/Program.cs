using BenchmarkDotNet.Running;
using Foretoken.Benchmarks;

// What a search finds is no matter of time: a table of its own.
if (args is ["search-quality", ..])
{
    return SearchQuality.Run(args.Length > 1 ? args[1] : "bench/search-quality.yaml");
}

BenchmarkSwitcher.FromAssembly(typeof(SearchQuality).Assembly).Run(args);
return 0;
