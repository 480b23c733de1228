<?php
$url = getenv('URL');
$asked = [
    ['GET', '/api/items', null, []],
    ['POST', '/api/items', '{"name":"cup"}', ['Content-Type: application/json']],
    ['POST', '/api/items', http_build_query(['name' => 'cup']), []],
    ['POST', '/api/items', null, []],
    ['GET', '/redirect', null, []],
    ['DELETE', '/api/items/1', null, []],
    ['GET', '/api/items/404', null, []],
];
foreach ($asked as [$method, $path, $body, $headers]) {
    if ($argv[1] === 'curl') {
        $c = curl_init($url . $path);
        curl_setopt_array($c, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_RETURNTRANSFER => true, CURLOPT_FOLLOWLOCATION => true, CURLOPT_HTTPHEADER => $headers]);
        if ($body !== null) {
            curl_setopt($c, CURLOPT_POSTFIELDS, $body);
        }
        curl_exec($c);
    } else {
        $options = ['method' => $method, 'header' => $headers, 'ignore_errors' => true];
        if ($body !== null) {
            $options['content'] = $body;
        }
        @file_get_contents($url . $path, false, stream_context_create(['http' => $options]));
    }
}
